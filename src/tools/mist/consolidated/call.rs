//! From the arguments of a call to the operation and the values that are sent.

use serde_json::{Map, Value};

use super::{
    spelling,
    table::{Table, Way},
};
use crate::{
    error::{Code, Error, Result},
    mist::specification::{Operation, Route, Specification},
    tools::Arguments,
};

/// What a call comes to.
#[derive(Debug, PartialEq)]
pub(super) struct Call {
    /// The operation.
    pub(super) operation: &'static str,
    /// Its values.
    pub(super) values: Map<String, Value>,
    /// Arguments that the operation has no use for, and that could be left out without harm.
    pub(super) left_out: Vec<String>,
}

impl Table {
    /// The request that these arguments ask for.
    ///
    /// # Errors
    /// `invalid_input` where no way fits them, something is missing, or a filter would have no effect.
    pub(super) fn call(&'static self, specification: &Specification, arguments: &Arguments) -> Result<Call> {
        let way = self.way(arguments)?;
        let operation = specification.operation(&way.operation).ok_or_else(|| {
            let message = format!("the specification has no `{}`", way.operation);
            Error::new(Code::Internal, message)
        })?;
        let mut values = way.fixed.clone();
        let (mut left_out, mut useless) = (Vec::new(), Vec::new());
        for (name, value) in arguments {
            let mut is_sent = false;
            for wire in way.wire_names(name).filter(|wire| takes(operation, wire)) {
                values
                    .entry(wire.to_owned())
                    .or_insert_with(|| spelling::for_wire(wire, value));
                is_sent = true;
            }
            let is_known = is_sent || way.when.contains_key(name) || way.ignores.contains(name) || name == "org_id";
            if !is_known {
                let is_loose = self.parameter(name).is_some_and(|parameter| parameter.loose);
                if is_loose { &mut left_out } else { &mut useless }.push(name.clone());
            }
        }
        if let Some(name) = useless.first() {
            return Err(self.useless(name, way, specification));
        }
        self.fill(way, operation, &mut values);
        self.complete(way, operation, &values)?;
        Ok(Call {
            operation: &way.operation,
            values,
            left_out,
        })
    }

    fn way(&'static self, arguments: &Arguments) -> Result<&'static Way> {
        self.ways.iter().find(|way| way.fits(arguments)).ok_or_else(|| {
            let choices: Vec<&String> = self.ways.iter().flat_map(|way| way.when.keys()).collect();
            let missing = choices.into_iter().find(|name| !arguments.contains_key(*name));
            let missing = missing.map_or("a choice", String::as_str);
            Error::new(
                Code::InvalidInput,
                format!("arguments of `{}`: `{missing}` is missing", self.name),
            )
        })
    }

    /// Puts in what is sent where nothing was said.
    fn fill(&self, way: &Way, operation: &Operation, values: &mut Map<String, Value>) {
        let own = self
            .parameters
            .iter()
            .filter_map(|(name, parameter)| Some((name, parameter.default.as_ref()?)));
        for (name, default) in way.defaults.iter().chain(own) {
            if takes(operation, name) && !values.contains_key(name) {
                values.insert(name.clone(), default.clone());
            }
        }
    }

    /// Whether one of the operation's routes has all that it needs.
    fn complete(&self, way: &Way, operation: &Operation, values: &Map<String, Value>) -> Result<()> {
        fn missing<'a>(route: &'a Route, values: &Map<String, Value>) -> Option<&'a str> {
            let path = route.path_parameters.iter();
            let query = route.query.iter().filter(|parameter| parameter.required);
            path.chain(query)
                .map(|parameter| parameter.name.as_str())
                .find(|name| !values.contains_key(*name))
        }
        let mut lacking = operation.routes.iter().map(|route| missing(route, values));
        let Some(Some(first)) = lacking.next() else {
            return Ok(());
        };
        if lacking.any(|missing| missing.is_none()) {
            return Ok(());
        }
        let ours = way.send.iter().find(|(_, wire)| *wire == first);
        let ours = ours.map_or(first, |(name, _)| name.as_str());
        Err(Error::new(
            Code::InvalidInput,
            format!("arguments of `{}`: {} needs `{ours}`", self.name, way.described()),
        ))
    }

    /// A filter without effect would answer a question that nobody asked.
    fn useless(&self, name: &str, way: &Way, specification: &Specification) -> Error {
        let uses = |other: &&Way| {
            let operation = specification.operation(&other.operation);
            operation.is_some_and(|operation| other.wire_names(name).any(|wire| takes(operation, wire)))
        };
        let mut others: Vec<String> = self.ways.iter().filter(uses).map(Way::described).collect();
        others.dedup();
        let error = Error::new(
            Code::InvalidInput,
            format!(
                "arguments of `{}`: `{name}` means nothing for {}",
                self.name,
                way.described()
            ),
        );
        if others.is_empty() {
            error.advise("leave it out")
        } else {
            error.advise(format!("leave it out; it is for {}", others.join(", ")))
        }
    }
}

impl Way {
    fn fits(&self, arguments: &Arguments) -> bool {
        self.when.iter().all(|(name, words)| match arguments.get(name) {
            None => false,
            Some(_) if words.is_any() => true,
            Some(value) => words.list().iter().any(|word| value.as_str() == Some(word)),
        })
    }

    /// The names under which a parameter is sent: its own, unless it only chooses the way, and another.
    fn wire_names<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let chooses = self.when.get(name).is_some_and(|words| !words.is_any());
        let own = (!chooses && !self.ignores.iter().any(|ignored| ignored == name)).then_some(name);
        own.into_iter().chain(self.send.get(name).map(String::as_str))
    }

    /// `stats_type` `org_ports` with `site_id`.
    pub(super) fn described(&self) -> String {
        let chosen = |(name, words): (&String, &super::table::Words)| {
            if words.is_any() {
                format!("a given `{name}`")
            } else {
                format!("{name}={}", words.list().join("|"))
            }
        };
        let chosen: Vec<String> = self.when.iter().map(chosen).collect();
        if chosen.is_empty() {
            "this call".into()
        } else {
            chosen.join(" with ")
        }
    }
}

/// Whether any route of the operation has a parameter of this name.
pub(super) fn takes(operation: &Operation, name: &str) -> bool {
    let parameters = |route: &Route| route.path_parameters.iter().chain(&route.query).any(|p| p.name == name);
    operation.routes.iter().any(parameters)
}
