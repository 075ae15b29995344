//! Tools for clients that are asked by the result of their call: once, several questions at once, one after the other.

use jmcp::{
    error::Result,
    tools::{Context, Question, Round, Tool, Typed},
};
use serde_json::{Value, json};

use crate::{
    Nothing, Said,
    questions::{ask, confirm, form, name, one, sample, words},
    said, tool,
};

pub(crate) fn tools() -> Vec<Tool> {
    vec![
        tool(
            "test_input_required_result_elicitation",
            "Asks for a name.",
            elicitation,
        ),
        tool(
            "test_input_required_result_sampling",
            "Asks the client's model.",
            sampling,
        ),
        tool("test_input_required_result_list_roots", "Asks for roots.", list_roots),
        tool("test_input_required_result_request_state", "Asks with state.", state),
        tool("test_input_required_result_tampered_state", "Asks with state.", state),
        tool(
            "test_input_required_result_multiple_inputs",
            "Asks three at once.",
            three_at_once,
        ),
        tool(
            "test_input_required_result_multi_round",
            "Asks two in a row.",
            two_in_a_row,
        ),
        tool(
            "test_input_required_result_capabilities",
            "Asks what it can.",
            what_it_can,
        ),
    ]
}

async fn elicitation(context: Context, _: Nothing) -> Result<Typed<Said>> {
    // The suite answers this one unasked.
    let round = one("user_name", name("What is your name?")).unsealed();
    let answers = ask(&context, round).await?;
    Ok(said(format!(
        "Hello, {}!",
        words(&answers, "user_name", "/content/name")
    )))
}

async fn sampling(context: Context, _: Nothing) -> Result<Typed<Said>> {
    let question = sample("What is the capital of France?", 100);
    let answers = ask(&context, one("capital_question", question)).await?;
    Ok(said(words(&answers, "capital_question", "/content/text")))
}

async fn list_roots(context: Context, _: Nothing) -> Result<Typed<Said>> {
    let answers = ask(&context, one("client_roots", Question::Roots)).await?;
    Ok(said(words(&answers, "client_roots", "/roots/0/uri")))
}

async fn state(context: Context, _: Nothing) -> Result<Typed<Said>> {
    ask(&context, one("confirm", confirm("Please confirm"))).await?;
    Ok(said("state-ok"))
}

async fn three_at_once(context: Context, _: Nothing) -> Result<Typed<Said>> {
    let round = one("user_name", name("What is your name?"))
        .question("greeting", sample("Generate a greeting", 50))
        .question("client_roots", Question::Roots);
    let answers = ask(&context, round).await?;
    Ok(said(Value::Object(answers).to_string()))
}

async fn two_in_a_row(context: Context, _: Nothing) -> Result<Typed<Said>> {
    let first = ask(&context, one("step1", name("Step 1: What is your name?"))).await?;
    let color = json!({ "color": { "type": "string" } });
    let color = form("Step 2: What is your favorite color?", color);
    let second = ask(&context, one("step2", color)).await?;
    let name = words(&first, "step1", "/content/name");
    let color = words(&second, "step2", "/content/color");
    Ok(said(format!("{name} likes {color}.")))
}

async fn what_it_can(context: Context, _: Nothing) -> Result<Typed<Said>> {
    let all = [
        ("user_name", name("What is your name?")),
        ("greeting", sample("Generate a greeting", 50)),
    ];
    let client = context.ask.clone().expect("a client to ask");
    let can = all.into_iter().filter(|(_, question)| client.can(question));
    let round = can.fold(Round::default(), |round, (name, question)| {
        round.question(name, question)
    });
    let answers = ask(&context, round).await?;
    Ok(said(Value::Object(answers).to_string()))
}
