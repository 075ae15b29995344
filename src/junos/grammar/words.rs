//! Reads shortened commands as Junos does: any beginning of a keyword that fits only one stands for it, in any case.
//!
//! The keywords are those of `commands.txt`, and in the guardrails those of the rules themselves, so that a rule about a command that
//! is not in the list holds for its short forms too. A word that fits several keywords is read as each of them: the device would refuse
//! it, and a guard that guesses wrong is none.

/// Stands for any word in a rule.
pub const ANY: &str = "*";

/// More readings than this are not made.
const MAX_READINGS: usize = 64;

/// More words than this are not looked at: what a command does is said at its beginning.
const MAX_WORDS: usize = 32;

/// Options stand behind a command of at least two words: what can follow its first word alone is no option.
const OPTION_DEPTH: usize = 3;

/// What a command does that begins with certain keywords.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Mark {
    /// It changes nothing.
    Reads,
    /// It changes something, which can be undone or may be done again without harm.
    #[default]
    Acts,
    /// It cannot be undone or takes something out of service, or nobody knows.
    Destroys,
    /// It runs what no rule on commands can see into.
    Opens,
}

/// A keyword and what can follow it.
#[derive(Debug, Clone, Default)]
struct Node {
    mark: Mark,
    children: Vec<(Box<str>, usize)>,
}

/// Keywords, each with those that can follow it.
#[derive(Debug, Clone)]
pub struct Words {
    nodes: Vec<Node>,
}

/// One meaning of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The command with its keywords written out; as typed where no keyword is known.
    pub text: String,
    /// What it does.
    pub mark: Mark,
}

/// All that a command can mean.
#[derive(Debug, PartialEq, Eq)]
pub struct Readings {
    /// Each meaning.
    pub all: Vec<Reading>,
    /// Whether there are more than were made.
    pub is_incomplete: bool,
}

/// How far a command has been read.
struct Place<'a> {
    at: usize,
    open: &'a [usize],
    mark: Mark,
}

impl Words {
    /// No keywords.
    pub fn empty() -> Self {
        Self {
            nodes: vec![Node::default()],
        }
    }

    /// Keywords of an indented list, two blanks a level, with their marks. A keyword without one has that of the keyword above it.
    pub fn of_list(list: &str) -> Self {
        let mut words = Self::empty();
        let mut path: Vec<&str> = Vec::new();
        for line in list
            .lines()
            .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        {
            let (keyword, mark) = line.split_once(" = ").unwrap_or((line, ""));
            let word = keyword.trim_start();
            path.truncate((keyword.len() - word.len()) / 2);
            path.push(word);
            let node = words.add(&path);
            let mark = match mark {
                "reads" => Mark::Reads,
                "acts" => Mark::Acts,
                "destroys" => Mark::Destroys,
                "opens" => Mark::Opens,
                _ => continue,
            };
            if let Some(node) = words.nodes.get_mut(node) {
                node.mark = mark;
            }
        }
        words
    }

    /// Adds keywords that follow each other; [`ANY`] is any word. Where the last of them is.
    pub fn add(&mut self, path: &[&str]) -> usize {
        let mut node = 0;
        for word in path {
            let known = self
                .children(node)
                .iter()
                .find(|(name, _)| **name == **word)
                .map(|(_, child)| *child);
            node = known.unwrap_or_else(|| {
                let child = self.nodes.len();
                self.nodes.push(Node {
                    mark: self.mark(node),
                    children: Vec::new(),
                });
                if let Some(parent) = self.nodes.get_mut(node) {
                    parent.children.push(((*word).into(), child));
                }
                child
            });
        }
        node
    }

    /// What the command can mean.
    pub fn readings(&self, command: &str) -> Readings {
        let words: Vec<&str> = command.split_whitespace().collect();
        let mut readings = Readings {
            all: Vec::new(),
            is_incomplete: false,
        };
        let place = Place {
            at: 0,
            open: &[0],
            mark: Mark::Destroys,
        };
        self.read(&words, &place, &mut Vec::new(), &mut readings);
        readings
    }

    fn read(&self, words: &[&str], place: &Place<'_>, read: &mut Vec<String>, readings: &mut Readings) {
        if readings.all.len() >= MAX_READINGS {
            readings.is_incomplete = true;
            return;
        }
        let Some(word) = words.get(place.at).filter(|_| place.at < MAX_WORDS) else {
            let rest = words
                .get(place.at..)
                .unwrap_or_default()
                .iter()
                .map(|w| (*w).to_owned());
            readings.all.push(Reading {
                text: read.iter().cloned().chain(rest).collect::<Vec<_>>().join(" "),
                mark: place.mark,
            });
            return;
        };
        for (text, open) in self.meanings(word, place.open) {
            // What a command does is said by its first words; an option further on does not take that back.
            let deepest = open.last().copied().unwrap_or_default();
            let is_next = open.len() == place.at + 2;
            let mark = if is_next { self.mark(deepest) } else { place.mark };
            let next = Place {
                at: place.at + 1,
                open: &open,
                mark,
            };
            read.push(text);
            self.read(words, &next, read, readings);
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
        self.nodes
            .get(node)
            .map(|node| node.children.as_slice())
            .unwrap_or_default()
    }

    fn mark(&self, node: usize) -> Mark {
        self.nodes.get(node).map(|node| node.mark).unwrap_or_default()
    }
}

/// The beginning of a rule as keywords: words of letters, digits and `-` as they are, others as [`ANY`]; nothing behind the
/// last keyword.
pub fn keywords<'a>(words: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
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
        let mut words = Words::of_list(include_str!("commands.txt"));
        words.add(&["set", "system", "login", "user", ANY, "authentication"]);
        let readings = words.readings(command);
        readings.all.into_iter().map(|reading| reading.text).collect()
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
        assert_eq!((readings.all.len(), readings.is_incomplete), (MAX_READINGS, true));
    }

    #[test]
    fn rules_give_keywords() {
        let path = keywords("set system login user ([^ ]+) authentication .*".split(' '));
        assert_eq!(path, ["set", "system", "login", "user", ANY, ANY, "authentication"]);
        assert!(keywords("192.0.2.1".split(' ')).is_empty());
    }
}
