//! Facts in lines of JSON: the names are known at once, a line is read when it is asked for.

use std::{borrow::Cow, collections::HashMap, sync::OnceLock};

use serde::de::DeserializeOwned;

use crate::error::{Code, Error, Result};

/// What can stand in a line.
pub(super) trait Fact: From<Self::Line> {
    /// The form that it has there.
    type Line: DeserializeOwned;
    /// What the name or names in the line follow; they end at `END`.
    const BEGIN: &'static str;
    /// What the name or names in the line end at.
    const END: &'static str;
}

/// Lines, in the order of their first names.
pub(super) struct Lines<T> {
    lines: Vec<Line<T>>,
    by_name: HashMap<Box<str>, usize>,
    /// Names in lower case; made when a name was not found as it is written.
    in_any_case: OnceLock<HashMap<String, usize>>,
}

struct Line<T> {
    text: Cow<'static, str>,
    read: OnceLock<Result<T, String>>,
}

impl<T: Fact> Lines<T> {
    /// Lines that are part of the program.
    pub(super) fn embedded(text: &'static str) -> Self {
        Self::new(text.lines().map(Cow::Borrowed))
    }

    /// Lines that were made while the program runs.
    pub(super) fn owned(text: &str) -> Self {
        Self::new(text.lines().map(|line| Cow::Owned(line.to_owned())))
    }

    fn new(texts: impl Iterator<Item = Cow<'static, str>>) -> Self {
        let lines: Vec<Line<T>> = texts
            .map(|text| Line {
                text,
                read: OnceLock::new(),
            })
            .collect();
        let mut by_name = HashMap::with_capacity(lines.len() + lines.len() / 8);
        for (place, line) in lines.iter().enumerate() {
            for name in line.names() {
                by_name.insert(name.into(), place);
            }
        }
        Self {
            lines,
            by_name,
            in_any_case: OnceLock::new(),
        }
    }

    /// Which line has this name.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// Which line has this name, in whatever case it is written.
    pub(super) fn place_in_any_case(&self, name: &str) -> Option<usize> {
        let names = self.in_any_case.get_or_init(|| {
            let names = self.by_name.iter();
            names.map(|(name, place)| (name.to_ascii_lowercase(), *place)).collect()
        });
        names.get(&name.to_ascii_lowercase()).copied()
    }

    /// What stands in a line.
    pub(super) fn at(&self, place: usize) -> Option<Result<&T>> {
        self.lines.get(place).map(Line::read)
    }

    /// What stands in the line of this name.
    pub(super) fn get(&self, name: &str) -> Result<Option<&T>> {
        self.place(name).and_then(|place| self.at(place)).transpose()
    }

    /// What stands in all lines.
    pub(super) fn iter(&self) -> impl Iterator<Item = Result<&T>> {
        self.lines.iter().map(Line::read)
    }

    /// The first name in each line.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().filter_map(|line| line.names().next())
    }

    /// Every name in every line.
    pub(super) fn all_names(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().flat_map(Line::names)
    }

    /// The lines as they are.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(|line| line.text.as_ref())
    }
}

impl<T: Fact> Line<T> {
    fn names(&self) -> impl Iterator<Item = &str> {
        let names = self
            .text
            .strip_prefix(T::BEGIN)
            .and_then(|rest| rest.split_once(T::END));
        names
            .map_or("", |(names, _)| names)
            .split("\",\"")
            .filter(|name| !name.is_empty())
    }

    fn read(&self) -> Result<&T> {
        let read = || {
            serde_json::from_str::<T::Line>(&self.text)
                .map(T::from)
                .map_err(|e| e.to_string())
        };
        self.read.get_or_init(read).as_ref().map_err(|cause| {
            let name = self.names().next().unwrap_or("?");
            Error::new(
                Code::Internal,
                format!("what is known of `{name}` in the Mist API cannot be read: {cause}"),
            )
        })
    }
}
