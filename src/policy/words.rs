//! Reads shortened commands as Junos does: any beginning of a keyword that fits only one stands for it, in any case.
//!
//! The keywords are those of `builtin/commands.txt` and those of the rules themselves, so that a rule about a command that is
//! not in the list holds for its short forms too. A word that fits several keywords is read as each of them: the device
//! would refuse it, and a guard that guesses wrong is none.

/// Stands for any word in a rule.
pub(super) const ANY: &str = "*";

/// More readings than this are not made.
const MAX_READINGS: usize = 64;

/// More words than this are not looked at: what a command does is said at its beginning.
const MAX_WORDS: usize = 32;

/// Options stand behind a command of at least two words: what can follow its first word alone is no option.
const OPTION_DEPTH: usize = 3;

/// Keywords, each with those that can follow it.
#[derive(Debug, Clone)]
pub(super) struct Words {
    nodes: Vec<Vec<(Box<str>, usize)>>,
}

/// All that a command can mean.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Readings {
    /// The command with its keywords written out; the command as typed where no keyword is known.
    pub(super) texts: Vec<String>,
    /// Whether there are more readings than were made.
    pub(super) is_incomplete: bool,
}

impl Words {
    /// No keywords.
    pub(super) fn empty() -> Self {
        Self {
            nodes: vec![Vec::new()],
        }
    }

    /// Keywords of an indented list, two blanks a level.
    pub(super) fn of_list(list: &str) -> Self {
        let mut words = Self::empty();
        let mut path: Vec<&str> = Vec::new();
        for line in list
            .lines()
            .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        {
            let word = line.trim_start();
            path.truncate((line.len() - word.len()) / 2);
            path.push(word);
            words.add(&path);
        }
        words
    }

    /// Adds keywords that follow each other; [`ANY`] is any word.
    pub(super) fn add(&mut self, path: &[&str]) {
        let mut node = 0;
        for word in path {
            let known = self
                .children(node)
                .iter()
                .find(|(name, _)| **name == **word)
                .map(|(_, child)| *child);
            node = known.unwrap_or_else(|| {
                let child = self.nodes.len();
                self.nodes.push(Vec::new());
                if let Some(children) = self.nodes.get_mut(node) {
                    children.push(((*word).into(), child));
                }
                child
            });
        }
    }

    /// What the command can mean.
    pub(super) fn readings(&self, command: &str) -> Readings {
        let words: Vec<&str> = command.split_whitespace().collect();
        let mut readings = Readings {
            texts: Vec::new(),
            is_incomplete: false,
        };
        self.read(&words, 0, &[0], &mut Vec::new(), &mut readings);
        readings
    }

    fn read(&self, words: &[&str], at: usize, open: &[usize], read: &mut Vec<String>, readings: &mut Readings) {
        if readings.texts.len() >= MAX_READINGS {
            readings.is_incomplete = true;
            return;
        }
        let Some(word) = words.get(at).filter(|_| at < MAX_WORDS) else {
            let rest = words.get(at..).unwrap_or_default().iter().map(|w| (*w).to_owned());
            readings
                .texts
                .push(read.iter().cloned().chain(rest).collect::<Vec<_>>().join(" "));
            return;
        };
        for (text, open) in self.meanings(word, open) {
            read.push(text);
            self.read(words, at + 1, &open, read, readings);
            read.pop();
        }
    }

    /// What one word can mean behind the keywords that are open, each with the keywords open behind it. Options may come
    /// behind the value of another, so the keywords further up are tried where the last one has none that fits.
    fn meanings(&self, word: &str, open: &[usize]) -> Vec<(String, Vec<usize>)> {
        let short = word.to_ascii_lowercase();
        for depth in (1..=open.len())
            .rev()
            .filter(|depth| *depth == open.len() || *depth >= OPTION_DEPTH)
        {
            let before = open.get(..depth).unwrap_or_default();
            let children = before.last().map(|node| self.children(*node)).unwrap_or_default();
            let behind = |child: usize| before.iter().copied().chain([child]).collect::<Vec<_>>();
            if let Some((name, child)) = children.iter().find(|(name, _)| **name == *short) {
                return vec![(name.to_string(), behind(*child))];
            }
            let fits = |name: &str| name == ANY || name.starts_with(&short);
            let found: Vec<_> = children
                .iter()
                .filter(|(name, _)| fits(name))
                .map(|(name, child)| {
                    (
                        if &**name == ANY {
                            word.to_owned()
                        } else {
                            name.to_string()
                        },
                        behind(*child),
                    )
                })
                .collect();
            if !found.is_empty() {
                return found;
            }
        }
        vec![(word.to_owned(), open.to_vec())]
    }

    fn children(&self, node: usize) -> &[(Box<str>, usize)] {
        self.nodes.get(node).map(Vec::as_slice).unwrap_or_default()
    }
}

/// The beginning of a rule as keywords: words of letters, digits and `-` as they are, others as [`ANY`]; nothing behind the
/// last keyword.
pub(super) fn keywords<'a>(words: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let is_keyword = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let mut path: Vec<&str> = words.map(|word| if is_keyword(word) { word } else { ANY }).collect();
    while path.last() == Some(&ANY) {
        path.pop();
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readings(command: &str) -> Vec<String> {
        let mut words = Words::of_list(include_str!("builtin/commands.txt"));
        words.add(&["set", "system", "login", "user", ANY, "authentication"]);
        words.readings(command).texts
    }

    #[test]
    fn short_words_are_written_out() {
        assert_eq!(readings("req sys reb"), ["request system reboot"]);
        assert_eq!(readings("REQUEST System ZERO"), ["request system zeroize"]);
        assert_eq!(readings("req vm power-of"), ["request vmhost power-off"]);
        assert_eq!(readings("start sh"), ["start shell"]);
        assert_eq!(
            readings("cle bg nei 192.0.2.1 soft-in"),
            ["clear bgp neighbor 192.0.2.1 soft-inbound"]
        );
        assert!(readings("cl b n 192.0.2.1 so").contains(&"clear bgp neighbor 192.0.2.1 soft".to_owned()));
    }

    #[test]
    fn an_exact_word_is_only_itself() {
        assert_eq!(
            readings("request system software add x reboot"),
            ["request system software add x reboot"]
        );
        assert_eq!(readings("clear ospf neighbor"), ["clear ospf neighbor"]);
    }

    #[test]
    fn options_behind_values_are_found() {
        assert_eq!(
            readings("req chas fpc slot 3 off"),
            ["request chassis fpc slot 3 offline"]
        );
        assert_eq!(
            readings("set sys login us bob auth x"),
            ["set system login user bob authentication x"]
        );
    }

    #[test]
    fn an_ambiguous_word_is_read_as_each() {
        let found = readings("r system reb");
        assert_eq!(found, ["request system reboot", "restart system reb"]);
    }

    #[test]
    fn unknown_words_stay() {
        assert_eq!(readings("frobnicate the device"), ["frobnicate the device"]);
        assert_eq!(readings(""), [""]);
    }

    #[test]
    fn the_number_of_readings_is_bounded() {
        let mut words = Words::empty();
        for first in ["aa", "ab", "ac"] {
            for second in ["aa", "ab", "ac"] {
                for third in ["aa", "ab", "ac"] {
                    for fourth in ["aa", "ab", "ac"] {
                        words.add(&[first, second, third, fourth]);
                    }
                }
            }
        }
        let readings = words.readings("a a a a");
        assert_eq!((readings.texts.len(), readings.is_incomplete), (MAX_READINGS, true));
    }

    #[test]
    fn rules_give_keywords() {
        let path = keywords("set system login user ([^ ]+) authentication .*".split(' '));
        assert_eq!(path, ["set", "system", "login", "user", ANY, ANY, "authentication"]);
        assert!(keywords("192.0.2.1".split(' ')).is_empty());
    }
}
