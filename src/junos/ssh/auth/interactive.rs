//! Keyboard-interactive (RFC 4256): what RADIUS and TACACS+ users of Junos often land on.

use russh::client::{KeyboardInteractiveAuthResponse as Reply, Prompt};

use super::{Answer, Login};
use crate::{error::Result, junos::ssh::handler::one_line};

/// How many rounds of questions a server may ask. Empty rounds (mere messages) count.
const ROUNDS: usize = 8;

/// How an answer to the questions of one round was found.
#[derive(Debug, PartialEq, Eq)]
enum Answers {
    /// These.
    Known(Vec<String>),
    /// A question that a password does not answer.
    Unknown(String),
}

impl Login<'_> {
    /// Answers the server's questions with the password, which is given in one round only: a server that asks again has
    /// refused it, or wants a new password or a second factor.
    pub(super) async fn try_interactive(&mut self, password: &str) -> Result<Answer> {
        self.tried.push("keyboard-interactive".to_owned());
        let mut reply = self
            .handle
            .authenticate_keyboard_interactive_start(&self.hop.user, None)
            .await;
        let mut given = false;
        for _ in 0..ROUNDS {
            let prompts = match reply {
                Ok(Reply::Success) => return Ok(Answer::In),
                Ok(Reply::Failure {
                    remaining_methods,
                    partial_success,
                }) => {
                    return self.note_refusal(remaining_methods, partial_success);
                }
                Ok(Reply::InfoRequest { prompts, .. }) => prompts,
                Err(error) => return Err(self.ended(&error)),
            };
            let answers = match answers(&prompts, &self.hop.user, password) {
                Answers::Known(answers) => answers,
                Answers::Unknown(question) => {
                    return Err(self.refused(Some(format!("it asks `{question}`, which jmcp cannot answer"))));
                }
            };
            let gives = answers.iter().any(|answer| answer == password);
            if gives && given {
                let question = prompts
                    .first()
                    .map(|prompt| one_line(&prompt.prompt))
                    .unwrap_or_default();
                return Err(self.refused(Some(format!("it asks again after the password: `{question}`"))));
            }
            given |= gives;
            reply = self.handle.authenticate_keyboard_interactive_respond(answers).await;
        }
        Err(self.refused(Some(format!("it asked more than {ROUNDS} rounds of questions"))))
    }
}

fn answers(prompts: &[Prompt], user: &str, password: &str) -> Answers {
    let mut answers = Vec::new();
    for prompt in prompts {
        let question = prompt.prompt.to_lowercase();
        if !prompt.echo || question.contains("password") {
            answers.push(password.to_owned());
        } else if ["user", "login", "name"].iter().any(|word| question.contains(word)) {
            answers.push(user.to_owned());
        } else {
            return Answers::Unknown(one_line(&prompt.prompt));
        }
    }
    Answers::Known(answers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompt(text: &str, echo: bool) -> Prompt {
        Prompt {
            prompt: text.to_owned(),
            echo,
        }
    }

    #[test]
    fn password_like_questions_are_answered_and_others_are_not() {
        let known = |list: &[&str]| Answers::Known(list.iter().map(|item| (*item).to_owned()).collect());
        assert_eq!(answers(&[], "u", "pw"), known(&[]));
        assert_eq!(answers(&[prompt("Password:", false)], "u", "pw"), known(&["pw"]));
        let two = [prompt("Username: ", true), prompt("PASSCODE: ", false)];
        assert_eq!(answers(&two, "u", "pw"), known(&["u", "pw"]));
        let odd = [prompt("Favourite\ncolour?", true)];
        assert_eq!(
            answers(&odd, "u", "pw"),
            Answers::Unknown("Favourite colour?".to_owned())
        );
    }
}
