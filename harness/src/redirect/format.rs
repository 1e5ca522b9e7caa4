//! Writing variables down for whoever sets them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// How variables are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    /// `NAME='value'`, a line each, for dotenv files.
    Dotenv,
    /// One JSON object.
    Json,
    /// `$env:NAME = 'value'`, a line each, for PowerShell.
    Powershell,
    /// `export NAME='value'`, a line each, for POSIX shells.
    #[default]
    // What the formats of the other commands are called for people, where a variable says it.
    #[value(alias = "text")]
    Shell,
}

/// The variables as text.
pub fn written(variables: &BTreeMap<String, String>, form: Form) -> String {
    let mut text = String::new();
    for (name, value) in variables {
        let _ = match form {
            Form::Json => break,
            Form::Dotenv => writeln!(text, "{name}={}", dotenv(value)),
            Form::Powershell => writeln!(text, "$env:{name} = '{}'", value.replace('\'', "''")),
            Form::Shell => writeln!(text, "export {name}='{}'", value.replace('\'', r"'\''")),
        };
    }
    if form == Form::Json {
        let object = serde_json::Map::from_iter(
            variables.iter().map(|(name, value)| (name.clone(), value.clone().into())),
        );
        let _ = writeln!(text, "{}", serde_json::Value::Object(object));
    }
    text
}

/// A value as most readers of such files take it: Docker takes quotes as a part of the value, so
/// that there are none where none is needed.
fn dotenv(value: &str) -> String {
    let is_plain = |it: char| it.is_ascii_alphanumeric() || "_./:,=@%+-".contains(it);
    match value {
        value if value.chars().all(is_plain) => value.to_owned(),
        value if value.contains('\'') => {
            format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
        }
        value => format!("'{value}'"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_survive_every_form() {
        let pairs = [("A", "/plain"), ("B", "two words"), ("C", "it's")];
        let variables = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let all = [Form::Dotenv, Form::Json, Form::Powershell, Form::Shell];
        insta::assert_snapshot!(all.map(|form| written(&variables, form)).join("\n"), @r#"
        A=/plain
        B='two words'
        C="it's"

        {"A":"/plain","B":"two words","C":"it's"}

        $env:A = '/plain'
        $env:B = 'two words'
        $env:C = 'it''s'

        export A='/plain'
        export B='two words'
        export C='it'\''s'
        "#);
    }
}
