//! Lines of text: configuration in curly braces, set commands, differences with their `[edit ...]` headings; other lines are sentences.
//! What stands in XML or JSON in between is handed on.

use memchr::{memchr, memchr2};

use super::{
    OF_JUNOS, PLACEHOLDER, below,
    edits::Edits,
    json,
    limits::{self, DEEPEST_APART, LONGEST_LINE},
    prefilter,
    rules::{self, Place, Says},
    words::{self, Kind, Style, Token},
    xml,
};

/// How many lines of a block, and how many statements beside its name, are looked at for what it is.
const LOOK_AHEAD: usize = 30;

/// A walk through a text, with the place in the tree where it is.
pub(super) struct Plain<'t, 'e> {
    pub(super) text: &'t str,
    pub(super) edits: &'e mut Edits,
    depth: u8,
    /// The place of a fragment or of a difference's hunk.
    base: Vec<String>,
    is_known: bool,
    /// Words of the open blocks, and how many each has.
    path: Vec<&'t str>,
    levels: Vec<Level>,
    /// The next line that may hold a secret is here, looked for from there.
    candidate: (Option<usize>, usize),
    /// What the last remark says was inherited.
    inherited: Option<(usize, usize)>,
    /// Whether Junos says of the present line that it has a secret.
    is_marked: bool,
    /// How many texts apart this one is in.
    apart: u8,
}

struct Level {
    words: usize,
    indent: usize,
    /// Whether what stands in it is indented more; unknown for an empty one.
    is_indented: Option<bool>,
}

/// The place in the tree, to come back to.
struct Kept<'t>(Vec<String>, bool, Vec<&'t str>, Vec<Level>, bool);

impl<'t, 'e> Plain<'t, 'e> {
    pub(super) fn new(text: &'t str, place: Option<&str>, depth: u8, edits: &'e mut Edits) -> Self {
        let words = place.unwrap_or_default().split_whitespace().map(str::to_owned);
        let base: Vec<String> = words.collect();
        Self {
            text,
            edits,
            depth,
            is_known: !base.is_empty(),
            base,
            path: Vec::new(),
            levels: Vec::new(),
            candidate: (prefilter::next(text, 0), 0),
            inherited: None,
            is_marked: false,
            apart: 0,
        }
    }

    /// Walks through a part of the text.
    pub(super) fn run(&mut self, from: usize, to: usize) {
        let mut at = from;
        let mut end = from;
        while at < to && self.has_candidate(at, to) {
            // A line may hold many elements: its end is looked for once.
            if at == from || at > end {
                let rest = self.text.get(at..to).unwrap_or_default();
                end = memchr(b'\n', rest.as_bytes()).map_or(to, |length| at + length);
            }
            let line = self.text.get(at..end).unwrap_or_default();
            let begin = at + (line.len() - line.trim_start().len());
            let past = if xml::begins(self.text, begin, end) {
                xml::scan(self, begin, to)
            } else if json::begins(self.text, begin, to) {
                json::scan(self, begin, to)
            } else {
                begin
            };
            if past > begin {
                at = past;
                continue;
            }
            self.line(line.trim_end_matches('\r'), at);
            at = end + 1;
        }
    }

    /// Walks through a part that has nothing to do with what is around it.
    pub(super) fn run_apart(&mut self, from: usize, to: usize) {
        if from >= to || !self.has_candidate(from, to) {
            return;
        }
        if self.apart >= DEEPEST_APART {
            self.cover_rest(from, to);
            return;
        }
        self.apart += 1;
        let kept = Kept(
            std::mem::take(&mut self.base),
            std::mem::take(&mut self.is_known),
            std::mem::take(&mut self.path),
            std::mem::take(&mut self.levels),
            self.is_marked,
        );
        self.run(from, to);
        Kept(self.base, self.is_known, self.path, self.levels, self.is_marked) = kept;
        self.apart -= 1;
    }

    /// What is too long or too deep to be taken apart: all from the first word on that may mean a secret is covered.
    fn cover_rest(&mut self, from: usize, to: usize) {
        if self.has_candidate(from, to)
            && let (Some(found), _) = self.candidate
        {
            self.edits.cover(found, to);
        }
    }

    /// Whether a secret may be in this range.
    pub(super) fn has_candidate(&mut self, from: usize, to: usize) -> bool {
        let (found, searched) = self.candidate;
        if from < searched || found.is_some_and(|found| found < from) {
            self.candidate = (prefilter::next(self.text, from), from);
        }
        self.candidate.0.is_some_and(|found| found < to)
    }

    fn line(&mut self, line: &'t str, at: usize) {
        if line.len() > LONGEST_LINE {
            self.cover_rest(at, at + line.len());
            return;
        }
        self.remark(line, at);
        self.is_marked = line.contains("## SECRET-DATA");
        let is_candidate = self.has_candidate(at, at + line.len());
        let is_heading = line.trim_start().starts_with("[edit");
        if !is_candidate && !is_heading && memchr2(b'{', b'}', line.as_bytes()).is_none() {
            return;
        }
        let (body, start) = without_mark(line, at);
        let indent = start - at;
        if is_heading && body.ends_with(']') {
            self.heading(body, start);
            return;
        }
        let (body, start) = without_prompt(body, start);
        let first = body.split_whitespace().next().unwrap_or_default();
        let mut tokens = Vec::new();
        if rules::is("verb", first) {
            words::split(body, start, Style::Set, &mut tokens);
            let rest = tokens.get(1..).unwrap_or_default();
            self.whole(rest);
        } else if is_curly(body) {
            self.curly(body, start, indent);
        } else if is_candidate && rules::is("command", first) {
            words::split(body, start, Style::Set, &mut tokens);
            self.whole(tokens.get(1..).unwrap_or_default());
        } else if is_candidate {
            self.sentence(body, start);
            return;
        }
        if is_candidate {
            self.pairs(body, start, false);
        }
    }

    /// `[edit snmp]` says where the lines below it stand.
    fn heading(&mut self, body: &'t str, start: usize) {
        let mut tokens = Vec::new();
        words::split(body, start, Style::Sentence, &mut tokens);
        tokens.retain(Token::is_text);
        let words = tokens.get(1..).unwrap_or_default();
        self.base.clear();
        self.path.clear();
        self.levels.clear();
        self.is_known = true;
        self.statement(words, None);
        self.base = words.iter().map(|word| word.text.to_owned()).collect();
    }

    /// A statement with its whole path, or relative to the place that is known.
    pub(super) fn whole(&mut self, tokens: &[Token<'t>]) {
        let first = tokens.first().map(|token| token.text).unwrap_or_default();
        let path = std::mem::take(&mut self.path);
        if rules::is("top", first) {
            let (base, is_known) = (std::mem::take(&mut self.base), self.is_known);
            self.is_known = true;
            self.statement(tokens, None);
            (self.base, self.is_known) = (base, is_known);
        } else {
            self.statement(tokens, None);
        }
        self.path = path;
    }

    fn curly(&mut self, body: &'t str, start: usize, indent: usize) {
        self.find_level(body, indent);
        if body.starts_with("/*") && body.ends_with("*/") {
            self.sentence(body, start);
            return;
        }
        let mut tokens = Vec::new();
        words::split(body, start, Style::Curly, &mut tokens);
        let mut from = 0;
        for (at, token) in tokens.iter().enumerate() {
            let statement = tokens.get(from..at).unwrap_or_default();
            match token.kind {
                Kind::Open => {
                    self.statement(statement, Some(self.text.get(token.end..).unwrap_or_default()));
                    self.open(statement, indent);
                }
                Kind::Close => {
                    self.statement(statement, None);
                    if let Some(level) = self.levels.pop() {
                        self.path.truncate(self.path.len().saturating_sub(level.words));
                    }
                }
                Kind::End => self.statement(statement, None),
                _ => continue,
            }
            from = at + 1;
        }
    }

    fn open(&mut self, statement: &[Token<'t>], indent: usize) {
        let words = statement.iter().filter(|token| token.is_text());
        let words = words.map(|token| token.text).filter(|word| !word.ends_with(':'));
        let before = self.path.len();
        self.path.extend(words);
        self.levels.push(Level {
            words: self.path.len() - before,
            indent,
            is_indented: None,
        });
    }

    /// Leaves blocks whose end is missing, as in output that a pipe has filtered: the indentation tells.
    fn find_level(&mut self, body: &str, indent: usize) {
        let is_end = body.starts_with('}');
        if let Some(level) = self
            .levels
            .last_mut()
            .filter(|level| level.is_indented.is_none() && !is_end)
        {
            level.is_indented = Some(indent > level.indent);
        }
        while let Some(level) = self.levels.last() {
            let is_over = indent < level.indent || (indent == level.indent && !is_end);
            if level.is_indented != Some(true) || !is_over {
                break;
            }
            self.path.truncate(self.path.len().saturating_sub(level.words));
            self.levels.pop();
        }
    }

    /// Covers what is secret in one statement. `block` is what follows one that opens a block.
    fn statement(&mut self, tokens: &[Token<'t>], block: Option<&str>) {
        let first = self.edits.len();
        let mut is_list = false;
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at += 1;
            match token.kind {
                Kind::ListOpen => is_list = true,
                Kind::ListClose => is_list = false,
                Kind::Quoted => self.quoted(token),
                Kind::Word if !is_list && rules::may_have_one(token.text) => {
                    let values = values(tokens.get(at..).unwrap_or_default());
                    if self.owns(tokens, at, values, block) {
                        values.iter().for_each(|value| self.cover(value));
                        at += values.len();
                    }
                }
                _ => {}
            }
        }
        if self.is_marked && block.is_none() && self.edits.len() == first {
            self.cover_marked(tokens);
        }
    }

    /// Whether the statement whose keyword is before `at` has a secret in these values.
    fn owns(&self, tokens: &[Token<'t>], at: usize, values: &[Token<'t>], block: Option<&str>) -> bool {
        let mut texts = values.iter().filter(|value| value.is_text());
        let Some(value) = texts.next() else { return false };
        let open = block.map(|_| "{");
        let after = tokens.get(at + values.len()).map(|token| token.text).or(open);
        let own = limits::ends(tokens.get(..at).unwrap_or_default())
            .filter(|token| token.is_text())
            .map(|token| token.text);
        let base = limits::ends(&self.base).map(String::as_str);
        let path = base.chain(limits::ends(&self.path).copied()).chain(own);
        let path: Vec<&str> = path.collect();
        let place = Place {
            path: &limits::ends(&path).copied().collect::<Vec<_>>(),
            is_pure: false,
        };
        match place.judge(value.text, after) {
            Says::Secret => true,
            Says::Nothing => false,
            // A list is one of routes.
            Says::Community if self.is_known || values.len() > 1 => false,
            Says::Community => match block {
                Some(block) => is_of_snmp(limits::begin(block, limits::LOOK_AHEAD)),
                None => self.levels.is_empty() && after.is_none(),
            },
        }
    }

    fn cover(&mut self, token: &Token<'t>) {
        if !token.is_text() || token.text == PLACEHOLDER || token.text == OF_JUNOS {
            return;
        }
        self.edits.cover(token.start, token.end);
        let inherited = self.inherited.take();
        if let Some((start, end)) = inherited.filter(|(start, end)| self.text.get(*start..*end) == Some(token.text)) {
            self.edits.cover(start, end);
        }
    }

    /// Junos marks the line as one with a secret, and no rule has found it: it is the last word. Public keys are so marked, too.
    fn cover_marked(&mut self, tokens: &[Token<'t>]) {
        let is_public = |token: &Token| {
            let text = token.text;
            text.contains("AAAA") || text.starts_with("ssh-") || text.starts_with("ecdsa-") || text == PLACEHOLDER
        };
        let is_plain = tokens.iter().any(is_public);
        let last = tokens.iter().rfind(|token| token.is_text());
        if let Some(last) = last.filter(|_| tokens.len() > 1 && !is_plain) {
            self.cover(last);
        }
    }

    /// A string may hold other text that has secrets: a statement that is quoted, a request in a log line.
    pub(super) fn quoted(&mut self, token: &Token<'t>) {
        let inner = token.text;
        let is_text = inner.contains(char::is_whitespace) || inner.contains("\\n") || inner.contains('<');
        if !is_text || !self.has_candidate(token.start, token.end) {
            return;
        }
        let plain = if token.quote == "\"" { unescaped(inner) } else { None };
        let covered = match &plain {
            Some(plain) => below(None, plain, self.depth.saturating_sub(1)).into_owned(),
            None => below(None, inner, self.depth.saturating_sub(1)).into_owned(),
        };
        let covered = if plain.is_some() { escaped(&covered) } else { covered };
        if covered != inner {
            self.edits.replace(token.start, token.end, covered);
        }
    }

    /// The text, which stands in this one in another form, without its secrets; `None` where it has none.
    pub(super) fn below(&self, inner: &str) -> Option<String> {
        match below(None, inner, self.depth.saturating_sub(1)) {
            std::borrow::Cow::Owned(covered) => Some(covered),
            std::borrow::Cow::Borrowed(_) => None,
        }
    }

    /// `## 'public' was inherited from group 'SNMP'`, above the statement that it is about.
    fn remark(&mut self, line: &str, at: usize) {
        if let Some(rest) = line.trim_start().strip_prefix("## '")
            && let Some(length) = rest.find("' was inherited")
        {
            let start = at + line.len() - rest.len();
            self.inherited = Some((start, start + length));
        }
    }
}

/// The tokens that are the value: one, or a list.
fn values<'a, 't>(rest: &'a [Token<'t>]) -> &'a [Token<'t>] {
    let count = match rest.first().map(|token| token.kind) {
        Some(Kind::ListOpen) => rest
            .iter()
            .position(|token| token.kind == Kind::ListClose)
            .map_or(rest.len(), |at| at + 1),
        Some(Kind::Word | Kind::Quoted) => 1,
        _ => 0,
    };
    rest.get(..count).unwrap_or_default()
}

/// The line without the mark of a difference, and where that begins.
fn without_mark(line: &str, at: usize) -> (&str, usize) {
    let is_marked = line.starts_with(['+', '-', '!']);
    let body = if is_marked {
        line.get(1..).unwrap_or_default()
    } else {
        line
    };
    let body = if is_marked && body.starts_with('-') { line } else { body };
    let trimmed = body.trim_start();
    (trimmed.trim_end(), at + line.len() - trimmed.len())
}

/// The line without `user@host>`.
fn without_prompt(body: &str, start: usize) -> (&str, usize) {
    let (first, rest) = body.split_once(' ').unwrap_or((body, ""));
    if first.contains('@') && first.ends_with(['>', '#', '%']) {
        let rest = rest.trim_start();
        (rest, start + body.len() - rest.len())
    } else {
        (body, start)
    }
}

/// Whether a line ends as configuration in braces does.
fn is_curly(body: &str) -> bool {
    let end = body.find("##").unwrap_or(body.len());
    let code = body.get(..end).unwrap_or_default().trim_end();
    let code = match code.strip_suffix("*/").and_then(|code| code.rfind("/*")) {
        Some(0) => return true,
        Some(at) => code.get(..at).unwrap_or_default().trim_end(),
        None => code,
    };
    code.ends_with([';', '{', '}'])
}

/// Whether a block `community X {` is one of SNMP, by what stands in it. One of routes always has members.
fn is_of_snmp(rest: &str) -> bool {
    let mut lines = rest.lines();
    let own = lines.next().unwrap_or_default();
    let first_words = own
        .split([';', '{', '}'])
        .take(LOOK_AHEAD)
        .filter_map(|part| part.split_whitespace().next());
    let next = lines.take(LOOK_AHEAD);
    let mut least = None;
    let next = next.filter(|line| !line.trim().is_empty()).map_while(|line| {
        let body = line.trim_start_matches(['+', '-', '!', ' ', '\t']);
        let indent = line.len() - body.len();
        let is_inside = least.is_none_or(|least| indent >= least);
        least.get_or_insert(indent);
        is_inside.then(|| body.split([' ', ';', '{']).next().unwrap_or_default())
    });
    let found = first_words
        .chain(next)
        .find(|word| rules::is("of-snmp", word) || rules::is("of-routes", word));
    !found.is_some_and(|word| rules::is("of-routes", word))
}

/// The string without its escapes, where putting them back gives the same.
fn unescaped(inner: &str) -> Option<String> {
    if !inner.contains('\\') {
        return None;
    }
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next()? {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                other => out.push(other),
            },
            c => out.push(c),
        }
    }
    (escaped(&out) == inner).then_some(out)
}

fn escaped(plain: &str) -> String {
    let mut out = String::with_capacity(plain.len() + 8);
    for c in plain.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c => out.push(c),
        }
    }
    out
}
