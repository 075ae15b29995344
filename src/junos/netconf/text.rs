//! Text of an element while it arrives: pieces, entity and character references.

/// Texts up to this length are copied out of the buffer, longer ones are moved.
const COPIED: usize = 4096;

/// Gathers text between two tags.
///
/// Junos writes characters beyond ASCII as decimal references, and some daemons write one reference for each *byte* of
/// the UTF-8 form (`&#195;&#177;` for ñ). A run of numeric references that are all in 0x80..=0xFF and are valid UTF-8
/// as bytes is taken as such.
#[derive(Debug, Default)]
pub(super) struct Text {
    text: String,
    run: Vec<char>,
}

impl Text {
    /// Adds decoded text.
    pub(super) fn push(&mut self, text: &str) {
        if !text.is_empty() {
            self.end_run();
            self.text.push_str(text);
        }
    }

    /// Adds a reference, given without `&` and `;`. An unknown one is kept as written.
    pub(super) fn push_reference(&mut self, name: &str) {
        match name.strip_prefix('#').and_then(numeric) {
            Some(c) => self.run.push(c),
            None => {
                self.end_run();
                match named(name) {
                    Some(c) => self.text.push(c),
                    None => self.text.extend(["&", name, ";"]),
                }
            }
        }
    }

    /// Whether there is nothing but white space.
    pub(super) fn is_blank(&mut self) -> bool {
        self.end_run();
        self.text.trim_ascii().is_empty()
    }

    /// Takes the text out; `None` where there is none.
    pub(super) fn take(&mut self) -> Option<String> {
        self.end_run();
        if self.text.is_empty() {
            return None;
        }
        if self.text.len() > COPIED {
            return Some(std::mem::take(&mut self.text));
        }
        // A copy of the right size, and the buffer stays for the next text.
        let text = self.text.as_str().to_owned();
        self.text.clear();
        Some(text)
    }

    /// Forgets the text.
    pub(super) fn clear(&mut self) {
        self.run.clear();
        self.text.clear();
    }

    fn end_run(&mut self) {
        if self.run.is_empty() {
            return;
        }
        let bytes: Option<Vec<u8>> = self
            .run
            .iter()
            .map(|c| u8::try_from(*c).ok().filter(|byte| *byte >= 0x80))
            .collect();
        match bytes.map(String::from_utf8) {
            Some(Ok(text)) => self.text.push_str(&text),
            _ => self.text.extend(
                self.run
                    .iter()
                    .filter(|c| !c.is_ascii_control() || "\t\n\r\x7f".contains(**c)),
            ),
        }
        self.run.clear();
    }
}

/// Decodes an attribute value: references as in text, a bare `&` kept.
pub(super) fn decode(raw: &str) -> String {
    if !raw.contains('&') {
        return raw.to_owned();
    }
    let mut text = Text::default();
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('&') {
        text.push(before);
        match after.split_once(';').filter(|(name, _)| !name.contains('&')) {
            Some((name, tail)) => {
                text.push_reference(name);
                rest = tail;
            }
            None => {
                text.push("&");
                rest = after;
            }
        }
    }
    text.push(rest);
    text.take().unwrap_or_default()
}

fn numeric(number: &str) -> Option<char> {
    let (digits, radix) = match number.strip_prefix(['x', 'X']) {
        Some(hex) => (hex, 16),
        None => (number, 10),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    let code = u32::from_str_radix(digits, radix).unwrap_or(u32::MAX);
    Some(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
}

fn named(name: &str) -> Option<char> {
    Some(match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_of_all_kinds() {
        for (raw, decoded) in [
            ("a&lt;b&gt;&amp;&quot;&apos;", "a<b>&\"'"),
            ("&#65;&#x42;&#X63;", "ABc"),
            ("&#8364;", "€"),
            ("R&D & more", "R&D & more"),
            ("&nbsp;", "&nbsp;"),
            ("&#;&#x;&#12a;", "&#;&#x;&#12a;"),
            ("&#xD800;&#99999999999;", "\u{FFFD}\u{FFFD}"),
            ("a&#7;&#0;b&#10;", "ab\n"),
        ] {
            assert_eq!(decode(raw), decoded, "{raw}");
        }
    }

    #[test]
    fn references_per_byte() {
        for (raw, decoded) in [
            ("CR&#195;&#177;P", "CRñP"),
            ("CR&#xC3;&#xB1;P", "CRñP"),
            ("&#241;", "ñ"),
            ("CR&#195;P", "CRÃP"),
            ("&#195;&#177;&#8364;", "Ã±€"),
            ("&#195; &#177;", "Ã ±"),
        ] {
            assert_eq!(decode(raw), decoded, "{raw}");
        }
    }
}
