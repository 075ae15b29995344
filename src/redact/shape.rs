//! What is a secret by its shape, wherever it stands: ciphers and digests of Junos, private keys, passwords in URLs.

use memchr::{memchr_iter, memmem};

use super::{PLACEHOLDER, edits::Edits, limits::Next};

/// What stands between the first two dollar signs of a cipher or a digest, and how many characters follow at least.
const KINDS: &[(&str, usize)] = &[
    ("9", 3),
    ("8", 4),
    ("1", 4),
    ("5", 4),
    ("6", 4),
    ("7", 4),
    ("y", 4),
    ("2a", 4),
    ("2b", 4),
    ("2y", 4),
    ("sha1", 4),
    ("sha256", 4),
    ("sha512", 4),
    ("argon2i", 4),
    ("argon2id", 4),
];

/// Covers all that is one.
pub(super) fn find(text: &str, edits: &mut Edits) {
    digests(text, edits);
    private_keys(text, edits);
    urls(text, edits);
    authorizations(text, edits);
}

fn digests(text: &str, edits: &mut Edits) {
    let bytes = text.as_bytes();
    let mut end = 0;
    for at in memchr_iter(b'$', bytes).filter(|_| bytes.len() > 4) {
        if at < end {
            continue;
        }
        let rest = text.get(at + 1..).unwrap_or_default();
        let Some((kind, least)) = KINDS
            .iter()
            .find(|(kind, _)| rest.strip_prefix(kind).is_some_and(|rest| rest.starts_with('$')))
        else {
            continue;
        };
        let from = at + kind.len() + 2;
        let length = text
            .get(from..)
            .unwrap_or_default()
            .bytes()
            .take_while(|byte| is_of_digest(*byte))
            .count();
        if length >= *least {
            end = from + length;
            edits.cover(at, end);
        }
    }
}

/// The alphabets of all kinds, and what implementations put between their parts.
fn is_of_digest(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"./+=$-_,!:*".contains(&byte)
}

fn private_keys(text: &str, edits: &mut Edits) {
    const BEGIN: &str = "-----BEGIN ";
    let mut done = 0;
    let mut end = Next::default();
    for at in memmem::find_iter(text.as_bytes(), BEGIN) {
        let title = text.get(at + BEGIN.len()..).unwrap_or_default();
        let Some((title, _)) = title.split_once("-----").filter(|_| at >= done) else {
            continue;
        };
        let is_private = title.ends_with("PRIVATE KEY") || title.ends_with("PRIVATE KEY BLOCK");
        if title.len() > 60 || !is_private {
            continue;
        }
        let from = at + BEGIN.len() + title.len() + 5;
        let body = text.get(from..).unwrap_or_default();
        // One whose end is missing is covered as far as it can be one.
        let found = end.after(text, from, |rest| rest.find("-----END"));
        done = if found < text.len() {
            found
        } else {
            from + unfinished(body)
        };
        let length = done - from;
        if body.get(..length).is_some_and(|body| body.trim() != PLACEHOLDER) {
            edits.cover(from, done);
        }
    }
}

fn unfinished(body: &str) -> usize {
    let of_key = |c: &char| c.is_ascii_alphanumeric() || c.is_ascii_whitespace() || "+/=\\-:,.|*".contains(*c);
    body.chars().take_while(of_key).count()
}

/// `scp://user:password@host`.
fn urls(text: &str, edits: &mut Edits) {
    let mut url_end = Next::default();
    // Of the URL that ends there, the last sign between a password and a host.
    let mut last_sign = (0, None);
    for at in memmem::find_iter(text.as_bytes(), "://") {
        let end = url_end.after(text, at + 3, |rest| rest.find(ends_url));
        let rest = text.get(at + 3..end).unwrap_or_default();
        if last_sign.0 != end {
            last_sign = (end, rest.rfind('@').map(|sign| at + 3 + sign));
        }
        let Some(colon) = rest.find(':') else { continue };
        let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let name = rest.get(..colon).unwrap_or_default();
        let after = rest.get(colon + 1..).unwrap_or_default();
        if name.contains(['/', '@', '?', '#']) {
            continue;
        }
        let in_authority = rest.get(colon + 1..authority.max(colon + 1)).unwrap_or_default();
        let is_port = !in_authority.is_empty() && in_authority.bytes().all(|byte| byte.is_ascii_digit());
        let last = in_authority.rfind('@').or_else(|| {
            last_sign
                .1?
                .checked_sub(at + 3 + colon + 1)
                .filter(|_| authority > colon && !is_port)
        });
        let Some(length) = last.filter(|length| *length > 0) else {
            continue;
        };
        if after.get(..length) != Some(PLACEHOLDER) {
            let from = at + 3 + colon + 1;
            edits.cover(from, from + length);
        }
    }
}

fn ends_url(c: char) -> bool {
    c.is_whitespace() || "\"'`<>|\\".contains(c)
}

/// `Authorization: Bearer ...`.
fn authorizations(text: &str, edits: &mut Edits) {
    for at in memmem::find_iter(text.as_bytes(), "uthorization") {
        let from = at + "uthorization".len();
        let rest = text.get(from..).unwrap_or_default();
        let rest = rest.trim_start_matches(['"', '\'', ':', '=', ' ', '\\', '(']);
        let way = ["bearer ", "token ", "basic "].into_iter().find(|way| {
            rest.get(..way.len())
                .is_some_and(|begin| begin.eq_ignore_ascii_case(way))
        });
        let Some(way) = way else { continue };
        let start = text.len() - rest.len() + way.len();
        let value = text.get(start..).unwrap_or_default();
        let end = value
            .find(|c: char| c.is_whitespace() || "\"'`<>,;)\\".contains(c))
            .unwrap_or(value.len());
        if value.get(..end) != Some(PLACEHOLDER) {
            edits.cover(start, start + end);
        }
    }
}
