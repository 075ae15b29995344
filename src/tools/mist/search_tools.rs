//! `search_tools`: finds tools by words, over everything that can be called.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{catalogue::Categories, shape::tidy};
use crate::{
    error::{Code, Error, Result},
    mist::effects::{self, Deed},
    tools::{Context, Effect, Shelf, Tool, Typed},
};

/// Fewer tools than this are not enough to choose from.
const FEW: usize = 3;
/// Tools in an answer where nobody says.
const FOUND: usize = 15;

#[derive(Deserialize, JsonSchema)]
struct Args {
    /// Words such as `wireless client events`, or a part of a name. All where it is missing.
    query: Option<String>,
    /// Only this category or API tag.
    category: Option<String>,
    /// Only tools that do this.
    effect: Option<Wanted>,
    /// How many; default 15.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<usize>,
}

#[derive(Deserialize, JsonSchema, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Wanted {
    Read,
    Write,
    Destroy,
}

pub(super) fn tool() -> Tool {
    Tool::new(
        "search_tools",
        Effect::Read,
        "Find tools",
        "Find tools by words: the listed ones and every other operation of the Mist API. Then describe_tool and call_tool.",
        run,
    )
    .aliases(&[("q", "query"), ("words", "query"), ("text", "query"), ("keywords", "query")])
    .local()
    .mist(Shelf::Essential)
}

/// A tool that was found.
struct Found {
    score: u32,
    name: &'static str,
    about: String,
    effect: Effect,
    category: String,
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    let words = words(args.query.as_deref().unwrap_or_default());
    let category = match args.category.as_deref() {
        Some(name) => Some(Category::of(&context, name)?),
        None => None,
    };
    let effect = args.effect.map(|wanted| match wanted {
        Wanted::Read => Effect::Read,
        Wanted::Write => Effect::Write,
        Wanted::Destroy => Effect::Destroy,
    });
    let fits = |tool: &Found| {
        category.as_ref().is_none_or(|wanted| wanted.has(&tool.category))
            && effect.is_none_or(|wanted| wanted == tool.effect)
    };
    let find = |words: &Words| -> Vec<Found> {
        listed(&context, words)
            .chain(operations(&context, words))
            .filter(fits)
            .collect()
    };
    let mut found = find(&words);
    if found.len() < FEW {
        // Some of the words are better than nothing.
        found = find(&Words {
            needed: words.all.len().div_ceil(2),
            ..words
        });
    }
    found.sort_by(|a, b| {
        b.score
            .cmp(&a.score)
            .then_with(|| a.name.len().cmp(&b.name.len()))
            .then_with(|| a.name.cmp(b.name))
    });
    let total = found.len();
    found.truncate(args.limit.unwrap_or(FOUND));
    let tools: Vec<Value> = found.iter().map(Found::shown).collect();
    Ok(Typed::compact(
        json!({ "count": tools.len(), "total": total, "tools": tools }),
    ))
}

impl Found {
    fn shown(&self) -> Value {
        let effect = (self.effect != Effect::Read).then(|| self.effect.as_str());
        tidy(json!({ "name": self.name, "about": self.about, "category": self.category, "effect": effect }))
    }
}

/// Which category is wanted: one of ours, or a tag of the API.
struct Category {
    names: Vec<String>,
}

impl Category {
    fn of(context: &Context, name: &str) -> Result<Self> {
        let mut names: Vec<String> = Categories::find(name).map(str::to_owned).into_iter().collect();
        let tag = plain(name);
        if context
            .catalogue
            .index()
            .operations()
            .any(|operation| plain(&operation.tag) == tag)
        {
            names.push(tag);
        }
        if names.is_empty() {
            let known: Vec<&str> = Categories::all().map(|(name, _)| name).collect();
            return Err(Error::new(
                Code::InvalidInput,
                format!("there is no category `{}`", name.escape_debug()),
            )
            .advise(format!(
                "the categories are {}, and the tags of the API",
                known.join(", ")
            )));
        }
        Ok(Self { names })
    }

    fn has(&self, category: &str) -> bool {
        self.names
            .iter()
            .any(|name| name == category || *name == plain(category))
    }
}

/// A tag as categories are written.
fn plain(tag: &str) -> String {
    tag.trim()
        .to_ascii_lowercase()
        .chars()
        .map(|c| if matches!(c, ' ' | '-') { '_' } else { c })
        .collect()
}

fn listed<'a>(context: &'a Context, words: &'a Words) -> impl Iterator<Item = Found> + 'a {
    let callable = |tool: &&Tool| context.caller.may_see(tool) && context.permits.allow(tool, tool.effect);
    context.catalogue.iter().filter(callable).filter_map(move |tool| {
        let category = match tool.shelf {
            Shelf::Category(category) => category,
            Shelf::Essential => "essential",
            _ => tool.toolset,
        };
        // A tool with words of its own comes before an operation that only has a name.
        let score = score(words, tool.name, &format!("{} {category}", tool.about))? * 2 + 1;
        let about = tool
            .about
            .split_inclusive(". ")
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned();
        Some(Found {
            score,
            name: tool.name,
            about,
            effect: tool.effect,
            category: category.to_owned(),
        })
    })
}

fn operations<'a>(context: &'a Context, words: &'a Words) -> impl Iterator<Item = Found> + 'a {
    let own = |name: &str| {
        context
            .catalogue
            .iter()
            .any(|tool| tool.name == name || tool.also.contains(&name))
    };
    context.catalogue.index().operations().filter_map(move |operation| {
        let name = operation.names.first()?.as_str();
        let route = operation.routes.first()?;
        if own(name) {
            return None;
        }
        let score = score(words, name, &format!("{} {}", operation.tag, route.path))? * 2;
        let effect = match effects::deed(operation) {
            Deed::Reads => Effect::Read,
            Deed::Changes => Effect::Write,
            Deed::Destroys => Effect::Destroy,
        };
        // The rest of what a call goes by is judged when it is called.
        let may = context
            .catalogue
            .find(name)
            .is_some_and(|tool| context.caller.may_see(tool) && context.permits.allow(tool, effect));
        may.then(|| Found {
            score,
            name,
            about: format!("{} {}", operation.method, route.path),
            effect,
            category: operation.tag.clone(),
        })
    })
}

/// The words of a query, and how many of them a tool has to have.
struct Words {
    all: Vec<String>,
    needed: usize,
}

/// The words of a query, without endings that make no difference.
fn words(query: &str) -> Words {
    const SMALL: &[&str] = &["the", "a", "an", "of", "for", "in", "to", "and", "mist", "all"];
    let all: Vec<String> = split(query)
        .into_iter()
        .filter(|word| !SMALL.contains(&word.as_str()))
        .collect();
    Words { needed: all.len(), all }
}

/// Words of a text, also of a name such as `listOrgSites`, in lower case and without the `s` of plurals.
fn split(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut was_lower = false;
    let mut begins = true;
    for c in text.chars() {
        if !c.is_alphanumeric() {
            begins = true;
            was_lower = false;
            continue;
        }
        if begins || (c.is_uppercase() && was_lower) {
            words.push(String::new());
            begins = false;
        }
        was_lower = c.is_lowercase() || c.is_numeric();
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
    }
    for word in &mut words {
        if word.len() > 3 && word.ends_with('s') && !word.ends_with("ss") {
            word.pop();
        }
    }
    words
}

/// How well a tool fits; none where it has too few of the words. One in the name counts more.
fn score(words: &Words, name: &str, text: &str) -> Option<u32> {
    let (in_name, in_text) = (split(name), split(text));
    let joined = in_name.concat();
    let mut score = 0;
    let mut matched = 0;
    for word in &words.all {
        let worth = if in_name.contains(word) {
            10
        } else if joined.contains(word.as_str()) {
            6
        } else if in_text.contains(word) {
            4
        } else if in_text.iter().any(|other| other.starts_with(word.as_str())) {
            2
        } else {
            0
        };
        score += worth;
        matched += usize::from(worth > 0);
    }
    (matched >= words.needed).then_some(score)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_queries_come_to_the_same_words() {
        assert_eq!(split("listOrgSites"), ["list", "org", "site"]);
        assert_eq!(split("Orgs Clients - Wireless"), ["org", "client", "wireless"]);
        assert_eq!(split("getSite128TRoutes"), ["get", "site128", "troute"]);
        assert!(score(&words("wireless client events"), "searchOrgWirelessClientEvents", "").is_some());
        assert!(
            score(
                &words("wireless clients"),
                "searchOrgWiredClients",
                "Wired clients of an organisation."
            )
            .is_none()
        );
        assert!(
            score(&words("sites"), "listOrgSites", "") > score(&words("sites"), "listOrgThings", "things of sites")
        );
    }
}
