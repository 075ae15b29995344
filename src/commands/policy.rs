//! `jmcp policy`: what the guardrails say of a command or a change, and by which rule. Reads files and touches no device.

use std::{io::Read as _, path::Path, process::ExitCode};

use super::print;
use crate::{
    cli::{PolicyCommand, PolicyListArgs, PolicyTestArgs},
    error::{Code, Error, Result},
    junos::{grammar, inventory::Inventory},
    policy::{Explained, Policy},
    settings::Settings,
    tools::{Catalogue, Effect, Tool, changes},
};

/// Forms of a command that are shown.
const FORMS: usize = 12;

pub(super) fn run(settings: &Settings, command: PolicyCommand) -> Result<ExitCode> {
    match command {
        PolicyCommand::Test(args) => test(settings, args),
        PolicyCommand::List(args) => list(settings, &args),
    }
}

fn list(settings: &Settings, args: &PolicyListArgs) -> Result<ExitCode> {
    let inventory = settings.inventory()?;
    inventory.device(&args.device)?;
    let policy = Policy::load(&inventory, settings.policy)?;
    print(&format!("mode: {}", policy.mode(&args.device).as_str()));
    for rule in policy.rules(&args.device) {
        print(&format!("{:<18} {}    ({})", rule.what, rule.pattern, rule.origin));
    }
    Ok(ExitCode::SUCCESS)
}

/// What is asked about.
struct Question<'a> {
    tool: &'a Tool,
    device: &'a str,
    text: String,
    effect: Effect,
}

fn test(settings: &Settings, args: PolicyTestArgs) -> Result<ExitCode> {
    let inventory = settings.inventory()?;
    inventory.device(&args.device)?;
    let policy = Policy::load(&inventory, settings.policy)?;
    let catalogue = Catalogue::with(settings.mist.specification)?;
    let text = text(args.text.clone(), args.file.as_deref())?;
    let (name, effect) = match (args.config || args.change, args.pfe) {
        (true, _) => ("load_and_commit_config", Effect::Write),
        (_, true) => ("execute_junos_pfe_command", grammar::mark_pfe(&text).into()),
        _ => ("execute_junos_command", grammar::mark(&text).into()),
    };
    let tool = catalogue.find(name);
    let question = Question {
        tool: tool.ok_or_else(|| Error::new(Code::Internal, format!("there is no tool `{name}`")))?,
        device: &args.device,
        text,
        effect,
    };
    let explained = question.explain(&policy, &args);
    let refusal = question.refused_before(settings, &inventory, &args);
    question.report(settings, &policy, &explained, refusal.as_ref());
    let error = refusal.as_ref().or(explained.refusal.as_ref());
    Ok(error.map_or(ExitCode::SUCCESS, |error| ExitCode::from(error.code().exit_code())))
}

fn text(text: Option<String>, file: Option<&Path>) -> Result<String> {
    let Some(file) = file else {
        return Ok(text.unwrap_or_default());
    };
    let read = if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(file)
    };
    read.map_err(|e| Error::new(Code::Io, format!("`{}` cannot be read: {e}", file.display())).caused_by(e))
}

impl Question<'_> {
    fn explain(&self, policy: &Policy, args: &PolicyTestArgs) -> Explained {
        let (tool, device, text) = (self.tool.name, self.device, &self.text);
        if args.change {
            policy.explain_change(tool, device, text)
        } else if args.config {
            policy.explain_config(tool, device, args.format.as_deref(), text)
        } else if args.pfe {
            policy.explain_pfe(tool, device, text)
        } else {
            policy.explain_command(tool, device, text)
        }
    }

    /// What refuses it before the rules are asked.
    fn refused_before(&self, settings: &Settings, inventory: &Inventory, args: &PolicyTestArgs) -> Option<Error> {
        if !args.config
            && !args.change
            && let Err(error) = grammar::check_one(&self.text)
        {
            return Some(error);
        }
        let permits = &settings.rules.permits;
        if !permits.offer.has(self.tool) {
            return Some(Error::new(
                Code::UnknownTool,
                format!("this server does not offer `{}`", self.tool.name),
            ));
        }
        if let Err(error) = permits.check(self.tool, self.effect) {
            return Some(error);
        }
        let is_fixed = inventory
            .devices
            .get(self.device)
            .is_some_and(|device| device.read_only);
        (is_fixed && self.effect != Effect::Read).then(|| {
            let message = format!("{} and device `{}` is read-only", changes(self.tool), self.device);
            Error::new(Code::ReadOnly, message)
        })
    }

    fn report(&self, settings: &Settings, policy: &Policy, explained: &Explained, before: Option<&Error>) {
        match before.or(explained.refusal.as_ref()) {
            Some(error) => print(&format!("refused:  {} [code={}]", error.message(), error.code())),
            None => print("allowed"),
        }
        print(&format!("tool:     {}", self.tool.name));
        print(&format!("effect:   {}", self.effect.as_str()));
        print(&format!("mode:     {}", policy.mode(self.device).as_str()));
        if settings.rules.confirm.needed(self.tool, self.effect) {
            print("leave:    a person is asked first");
        }
        if let Some(rule) = &explained.rule {
            print(&format!("rule:     {} `{}`", rule.what, rule.pattern));
            print(&format!("from:     {}", rule.origin));
        }
        if let Some(form) = &explained.form {
            print(&format!("read as:  {form}"));
        }
        for form in explained.forms.iter().take(FORMS) {
            print(&format!("judged:   {form}"));
        }
        if explained.forms.len() > FORMS {
            print(&format!("          and {} more", explained.forms.len() - FORMS));
        }
    }
}
