//! The house: arrows between rooms point down, the lower floors are pure, services are alike.
//!
//! It reads the sources as text, so that it needs no compiler and no macro hides an arrow from it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A room's floor; within a floor, only what is listed earlier may be used.
const ROOMS: &[(&str, u8)] = &[
    ("clock", 1),
    ("switch", 1),
    ("fidelity", 1),
    ("wire", 1),
    ("ids", 1),
    ("crypto", 1),
    ("agenda", 1),
    ("journal", 1),
    ("http2", 1),
    ("post", 2),
    ("providers", 3),
    ("hubs", 3),
    ("world", 4),
    ("control", 5),
    ("server", 6),
    ("emulator", 7),
];

/// Words that the pure floors may not use, with the reason.
const FORBIDDEN: &[(&str, &str)] = &[
    ("tokio", "pure floors have no runtime"),
    ("hyper", "pure floors have no HTTP library"),
    ("axum", "pure floors have no HTTP library"),
    ("async fn", "pure floors are synchronous"),
    (".await", "pure floors are synchronous"),
    ("std::env", "the environment is read in `main`"),
    ("std::fs", "files belong to the edge"),
    ("std::thread", "pure floors start no threads"),
    ("TcpStream", "sockets belong to the edge"),
    ("TcpListener", "sockets belong to the edge"),
    ("SystemTime::now", "time comes in as an argument"),
    ("Instant::now", "time comes in as an argument"),
    ("Instant", "time comes in as an argument"),
    ("HashMap::new()", "the standard hasher is seeded by chance"),
    ("SystemRandom", "chance comes from the seed"),
    ("rand::", "chance comes from the seed"),
    ("println!", "libraries do not print"),
];

/// Where a forbidden word is allowed: file, word, reason.
const EXEMPT: &[(&str, &str, &str)] =
    &[("clock/real.rs", "SystemTime::now", "the one place that reads the clock")];

/// The files of a service's folder.
const PROVIDER_FILES: &[&str] =
    &["auth.rs", "device.rs", "edge.rs", "mod.rs", "offline.rs", "request.rs", "rules.rs", "tests"];

/// A source file, its path below `src` with slashes, and its code without comments and tests.
struct Source {
    path: String,
    code: String,
}

impl Source {
    /// The room: the first part of the path.
    fn room(&self) -> &str {
        self.path.split(['/', '.']).next().unwrap()
    }

    /// The service, in the rooms that have one folder for each.
    fn service(&self) -> Option<&str> {
        let mut parts = self.path.split(['/', '.']);
        matches!(parts.next(), Some("providers" | "hubs")).then(|| parts.next()).flatten()
    }
}

#[test]
fn arrows_between_rooms_point_down() {
    let wrong: Vec<_> = sources().iter().flat_map(upward_arrows).collect();
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_room_stands_on_a_floor() {
    let rooms: BTreeSet<_> = sources().iter().map(|source| source.room().to_owned()).collect();
    let unknown: Vec<_> =
        rooms.iter().filter(|room| *room != "lib" && place(room).is_none()).collect();
    assert_eq!(unknown, Vec::<&String>::new());
}

#[test]
fn the_lower_floors_are_pure() {
    let mut wrong = Vec::new();
    for source in sources() {
        let pure = place(source.room()).is_some_and(|(_, floor)| floor <= 4);
        for (word, reason) in FORBIDDEN.iter().filter(|_| pure) {
            let exempt = EXEMPT.iter().any(|(path, of, _)| *path == source.path && of == word);
            if !exempt && holds_word(&source.code, word) {
                wrong.push(format!("{}: `{word}`: {reason}", source.path));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn services_have_the_same_inner_shape() {
    let folders = services();
    assert!(!folders.is_empty());
    let mut wrong = Vec::new();
    for folder in folders {
        for file in PROVIDER_FILES {
            if !folder.join(file).exists() && !folder.join(format!("{file}.rs")).exists() {
                wrong.push(format!("{}: no {file}", folder.display()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn a_service_is_named_only_in_its_folder_and_in_the_list() {
    let names: Vec<_> = services()
        .iter()
        .map(|folder| folder.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    let mut wrong = Vec::new();
    for source in sources() {
        let at_home = ["providers/mod.rs", "hubs/mod.rs", "world/services.rs"];
        if at_home.contains(&source.path.as_str()) {
            continue;
        }
        for name in names.iter().filter(|name| source.service() != Some(name)) {
            if holds_word(&source.code, name) {
                wrong.push(format!("{} names `{name}`", source.path));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_test_sees_an_arrow_that_points_up() {
    let source = |path: &str, code: &str| Source { path: path.to_owned(), code: code.to_owned() };
    let up = source("post/queue.rs", "use crate::world::World;");
    assert_eq!(upward_arrows(&up), ["post/queue.rs uses world"]);
    let grouped = source("post/queue.rs", "use crate::{clock::Now, server::Front};");
    assert_eq!(upward_arrows(&grouped), ["post/queue.rs uses server"]);
    let sideways = source("providers/adm/rules.rs", "let x = crate::providers::baidu::limit();");
    assert_eq!(upward_arrows(&sideways), ["providers/adm/rules.rs uses providers/baidu"]);
    let rim = source("providers/adm/rules.rs", "use crate::providers::rim::Desk;");
    assert_eq!(upward_arrows(&rim), Vec::<String>::new());
    let relative = source("post/queue.rs", "use super::super::world::World;");
    assert_eq!(upward_arrows(&relative), ["post/queue.rs uses world"]);
    let neighbor = source("providers/adm/mod.rs", "use super::baidu::limit;");
    assert_eq!(upward_arrows(&neighbor), ["providers/adm/mod.rs uses providers/baidu"]);
    let own = source("providers/adm/rules/head.rs", "use super::super::request::Push;");
    assert_eq!(upward_arrows(&own), Vec::<String>::new());
    let below = source("world/state.rs", "use crate::post::Post;");
    assert_eq!(upward_arrows(&below), Vec::<String>::new());
}

/// The uses in a file of rooms that it may not use.
fn upward_arrows(source: &Source) -> Vec<String> {
    let Some((own, floor)) = place(source.room()) else { return Vec::new() };
    let mut wrong = Vec::new();
    for target in arrows(&absolute(source)) {
        let room = target.split("::").next().unwrap_or_default();
        let Some((place, target_floor)) = place(room) else { continue };
        if room == source.room() {
            let service = target.split("::").nth(1).unwrap_or_default();
            if source.service().is_some_and(|own| own != service && service != "rim") {
                wrong.push(format!("{} uses {room}/{service}", source.path));
            }
        } else if target_floor > floor || (target_floor == floor && place > own && floor < 3) {
            wrong.push(format!("{} uses {room}", source.path));
        }
    }
    wrong
}

/// The code with each `super::` written out from `crate::` on.
fn absolute(source: &Source) -> String {
    let path = source.path.trim_end_matches(".rs").trim_end_matches("/mod");
    let modules: Vec<_> = path.split('/').collect();
    let mut code = String::new();
    let mut rest = source.code.as_str();
    while let Some(start) = rest.find("super::") {
        code.push_str(&rest[..start]);
        rest = &rest[start..];
        let mut above = modules.len();
        while let Some(next) = rest.strip_prefix("super::") {
            (above, rest) = (above.saturating_sub(1), next);
        }
        code.push_str("crate::");
        code.extend(modules[..above].iter().map(|module| format!("{module}::")));
    }
    code + rest
}

/// What follows each `crate::`, also inside a group.
fn arrows(code: &str) -> Vec<String> {
    let mut all = Vec::new();
    for rest in code.split("crate::").skip(1) {
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0_i32;
            let inside = group.split_once(";").map_or(group, |(inside, _)| inside);
            let mut word = String::new();
            for letter in inside.chars() {
                match letter {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth == 0 => all.push(std::mem::take(&mut word)),
                    _ if letter.is_whitespace() => {}
                    _ if depth == 0 => word.push(letter),
                    _ => {}
                }
            }
            all.push(word);
        } else {
            let end =
                rest.find(|letter: char| !(letter.is_alphanumeric() || "_:".contains(letter)));
            all.push(rest[..end.unwrap_or(rest.len())].to_owned());
        }
    }
    all
}

/// Whether a word stands in a text on its own.
fn holds_word(text: &str, word: &str) -> bool {
    let is_part = |letter: Option<char>| letter.is_some_and(|it| it.is_alphanumeric() || it == '_');
    text.match_indices(word).any(|(start, _)| {
        let starts = word.starts_with(|it: char| it.is_alphanumeric());
        let ends = word.ends_with(|it: char| it.is_alphanumeric());
        let before = starts && is_part(text[..start].chars().next_back());
        let after = ends && is_part(text[start + word.len()..].chars().next());
        !before && !after
    })
}

fn place(room: &str) -> Option<(usize, u8)> {
    let place = ROOMS.iter().position(|(name, _)| *name == room)?;
    Some((place, ROOMS[place].1))
}

fn services() -> Vec<PathBuf> {
    let rooms = [src().join("providers"), src().join("hubs")];
    let entries = rooms.iter().filter_map(|room| fs::read_dir(room).ok()).flatten();
    let folders = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    folders.collect()
}

fn sources() -> Vec<Source> {
    let mut all = Vec::new();
    collect(&src(), &mut all);
    assert!(all.len() > 30, "found only {} files", all.len());
    all
}

fn collect(folder: &Path, all: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            if name != "tests" {
                collect(&path, all);
            }
        } else if name.ends_with(".rs") && name != "tests.rs" {
            let below = path.strip_prefix(src()).unwrap().to_str().unwrap().replace('\\', "/");
            all.push(Source { path: below, code: code(&fs::read_to_string(&path).unwrap()) });
        }
    }
}

/// The code of a file: without comments, and up to its tests.
fn code(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = code.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}
