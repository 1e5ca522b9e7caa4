//! What is wrong in a file, where, and what to do about it; and the one function that draws it.
//!
//! Nothing here prints: whoever has a terminal does.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use std::fmt;
use std::ops::Range;

/// One thing that is wrong in one file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.short())]
pub struct Diagnostic {
    /// The file, as the user named it.
    pub file: String,
    /// Where in the file; `None` where the file as a whole is meant.
    pub place: Option<Place>,
    /// What was expected and what was found: a lower-case fragment without a full stop.
    pub message: String,
    /// What is said at the place itself.
    pub label: Option<String>,
    /// What to do; starts with a verb or a question.
    pub help: Option<String>,
}

impl Diagnostic {
    /// Something wrong with a file as a whole.
    pub fn new(file: &str, message: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            place: None,
            message: message.into(),
            label: None,
            help: None,
        }
    }

    /// The same, with a place.
    #[must_use]
    pub fn at(mut self, place: impl Into<Option<Place>>) -> Self {
        self.place = place.into();
        self
    }

    /// The same, with words at the place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// The same, with what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<Option<String>>) -> Self {
        self.help = help.into();
        self
    }

    /// One line that editors and CI systems turn into a link.
    pub fn short(&self) -> String {
        match self.place {
            Some(Place { line, column, .. }) => {
                format!("{}:{line}:{column}: error: {}", self.file, self.message)
            }
            None => format!("{}: error: {}", self.file, self.message),
        }
    }
}

/// A place in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

impl Place {
    /// The place of a byte range of `source`; both ends are moved onto the text's characters.
    pub fn of(source: &str, range: Range<usize>) -> Self {
        let start = floor(source, range.start);
        let before = &source[..start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self {
            start,
            end: floor(source, range.end).max(start),
            line: number(before.matches('\n').count() + 1),
            column: number(before[line_start..].chars().count() + 1),
        }
    }
}

/// Whether a drawing has colors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// With the terminal's escape sequences.
    Colored,
    /// Characters only.
    #[default]
    Plain,
}

/// Draws a diagnostic over the text of its file.
///
/// Only the line at which the place starts is shown, and of a very long line only the part around
/// the place. `source` may differ from the text that the place was found in; nothing panics then.
pub fn draw(diagnostic: &Diagnostic, source: &str, style: Style) -> String {
    let renderer = match style {
        Style::Colored => Renderer::styled(),
        Style::Plain => Renderer::plain(),
    };
    let title = Level::ERROR.primary_title(diagnostic.message.as_str());
    let mut group = match diagnostic.place {
        None => title.element(annotate_snippets::Origin::path(diagnostic.file.as_str())),
        Some(place) => {
            let window = Window::new(source, place);
            let mut mark = AnnotationKind::Primary.span(window.mark.clone());
            if let Some(label) = &diagnostic.label {
                mark = mark.label(label.as_str());
            }
            if window.whole {
                let snippet = Snippet::source(window.text)
                    .path(diagnostic.file.as_str())
                    .line_start(place.line as usize)
                    .annotation(mark);
                title.element(snippet)
            } else {
                let origin = annotate_snippets::Origin::path(diagnostic.file.as_str())
                    .line(place.line as usize)
                    .char_column(place.column as usize);
                let snippet =
                    Snippet::source(window.text).line_start(place.line as usize).annotation(mark);
                title.element(origin).element(snippet)
            }
        }
    };
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    renderer.render(&[group])
}

/// Draws several, with an empty line between two.
pub fn draw_all(diagnostics: &[Diagnostic], source: &str, style: Style) -> String {
    let drawings: Vec<String> = diagnostics.iter().map(|one| draw(one, source, style)).collect();
    drawings.join("\n\n")
}

/// The part of a file that a drawing shows.
struct Window {
    text: String,
    /// Where the place is in `text`.
    mark: Range<usize>,
    /// Whether `text` starts where its line starts, so that the drawing knows the column.
    whole: bool,
}

impl Window {
    fn new(source: &str, place: Place) -> Self {
        let start = floor(source, place.start);
        let line_start = source[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = source[start..].find('\n').map_or(source.len(), |at| start + at);
        let line_end = line_start + source[line_start..line_end].trim_end_matches('\r').len();
        let from = floor(source, start.saturating_sub(WINDOW).max(line_start));
        let to = floor(source, (start + WINDOW).min(line_end)).max(from);
        let start = start.min(to);
        let end = floor(source, place.end).clamp(start, to);
        Self {
            text: visible(&source[from..to]),
            mark: visible(&source[from..start]).len()..visible(&source[from..end]).len(),
            whole: from == line_start,
        }
    }
}

/// The text with a visible character in place of each control character.
fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect()
}

/// The nearest start of a character at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at)
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// A list of names as people write it: `` `a`, `b` ``.
pub(crate) struct Names<'a>(pub(crate) &'a [&'a str]);

impl fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, name) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}`{name}`")?;
        }
        Ok(())
    }
}

/// How many bytes of a line are shown on either side of a place.
const WINDOW: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;

    fn example(source: &str, range: Range<usize>) -> Diagnostic {
        Diagnostic::new("a.yaml", "expected a word, found `2`")
            .at(Place::of(source, range))
            .label("not a word")
            .help("write a word".to_owned())
    }

    #[test]
    fn a_drawing_shows_file_line_column_label_and_help() {
        let source = "one: 1\ntwo: 2\n";
        let diagnostic = example(source, 12..13);
        assert_snapshot!(draw(&diagnostic, source, Style::Plain), @"
        error: expected a word, found `2`
         --> a.yaml:2:6
          |
        2 | two: 2
          |      ^ not a word
          |
          = help: write a word
        ");
        assert_eq!(diagnostic.short(), "a.yaml:2:6: error: expected a word, found `2`");
    }

    #[test]
    fn of_a_very_long_line_only_the_part_around_the_place_is_drawn() {
        let source = format!("{}é2{}", "x".repeat(100_000), "y".repeat(100_000));
        let diagnostic = example(&source, 100_002..100_003);
        let drawing = draw(&diagnostic, &source, Style::Plain);
        assert!(drawing.len() < 2_000, "{drawing}");
        assert!(drawing.contains("a.yaml:1:100002"), "{drawing}");
    }

    #[test]
    fn a_place_outside_the_text_is_drawn_at_its_end() {
        let diagnostic = example("abc", 2..3).at(Place { start: 90, end: 99, line: 7, column: 1 });
        assert_snapshot!(draw(&diagnostic, "abc", Style::Plain), @"
        error: expected a word, found `2`
         --> a.yaml:7:4
          |
        7 | abc
          |    ^ not a word
          |
          = help: write a word
        ");
    }

    #[test]
    fn control_characters_are_made_visible() {
        let source = "a: \u{1b}[31m\0b\n";
        let diagnostic = example(source, 3..4);
        let drawing = draw(&diagnostic, source, Style::Plain);
        assert!(!drawing.contains(['\u{1b}', '\0']), "{drawing}");
    }
}
