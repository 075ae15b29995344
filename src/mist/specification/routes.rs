//! Which operation a request is: concrete paths against the routes with their placeholders.

use std::collections::HashMap;

use serde::Deserialize;

use super::{
    lines::Lines,
    operation::{Operation, Origin},
};

/// All routes, by method and number of segments.
pub(super) struct Routes(HashMap<(String, usize), Vec<Candidate>>);

/// Where a route is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Line of the operation.
    pub(super) operation: usize,
    /// Which of its routes.
    pub(super) route: usize,
}

struct Candidate {
    segments: Vec<Segment>,
    is_older: bool,
    place: Place,
}

enum Segment {
    Literal(String),
    /// A placeholder between what is spelled out.
    Placeholder {
        before: String,
        after: String,
    },
}

/// What of a line is needed here; reading the rest would cost ten times as much.
#[derive(Deserialize)]
struct Heading {
    method: String,
    routes: Vec<Path>,
}

#[derive(Deserialize)]
struct Path {
    path: String,
    #[serde(default)]
    origin: Origin,
}

impl Routes {
    pub(super) fn new(operations: &Lines<Operation>) -> Self {
        let mut routes: HashMap<_, Vec<Candidate>> = HashMap::new();
        for (operation, line) in operations.texts().enumerate() {
            let Ok(heading) = serde_json::from_str::<Heading>(line) else {
                continue;
            };
            for (route, path) in heading.routes.iter().enumerate() {
                let segments: Vec<_> = path.path.split('/').map(Segment::new).collect();
                let candidates = routes.entry((heading.method.clone(), segments.len())).or_default();
                candidates.push(Candidate {
                    segments,
                    is_older: path.origin == Origin::Older,
                    place: Place { operation, route },
                });
            }
        }
        for candidates in routes.values_mut() {
            candidates.sort_by_key(Candidate::rank);
        }
        Self(routes)
    }

    /// The best route for a request.
    pub(super) fn find(&self, method: &str, path: &str) -> Option<Place> {
        let path = path.split_once('?').map_or(path, |(path, _)| path);
        let parts: Vec<&str> = path.split('/').collect();
        let candidates = self.0.get(&(method.to_ascii_uppercase(), parts.len()))?;
        candidates
            .iter()
            .find(|candidate| candidate.fits(&parts))
            .map(|candidate| candidate.place)
    }
}

impl Candidate {
    /// The best come first: what is spelled out before placeholders, from the left, and then newer before older.
    fn rank(&self) -> (Vec<usize>, bool) {
        (self.segments.iter().map(Segment::openness).collect(), self.is_older)
    }

    fn fits(&self, parts: &[&str]) -> bool {
        self.segments
            .iter()
            .zip(parts)
            .all(|(segment, part)| segment.fits(part))
    }
}

impl Segment {
    fn new(text: &str) -> Self {
        let parts = text
            .split_once('{')
            .and_then(|(before, rest)| Some((before, rest.split_once('}')?.1)));
        match parts {
            Some((before, after)) => Self::Placeholder {
                before: before.to_owned(),
                after: after.to_owned(),
            },
            None => Self::Literal(text.to_owned()),
        }
    }

    /// 0 where nothing is open; the less is spelled out, the more.
    fn openness(&self) -> usize {
        match self {
            Self::Literal(_) => 0,
            Self::Placeholder { before, after } => usize::MAX.saturating_sub(before.len() + after.len()),
        }
    }

    fn fits(&self, part: &str) -> bool {
        match self {
            Self::Literal(text) => text == part,
            Self::Placeholder { before, after } => part
                .strip_prefix(before.as_str())
                .and_then(|rest| rest.strip_suffix(after.as_str()))
                .is_some_and(|value| !value.is_empty()),
        }
    }
}
