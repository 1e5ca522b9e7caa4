//! The credentials kit: makes what an app's sender needs, and keeps it in files for the next start.
//!
//! `index.json` lists all apps; the files beside it are in the formats that the real consoles hand
//! out. Values and keys are the services' own; nothing here knows them.

use super::door::Door;
use super::error::ControlError;
use super::file::{make_folder, read, read_if_there, write_secret};
use super::keys::RealKeys;
use crate::providers::rim::{AppSpec, Kit, KitFile, SpecError};
use crate::world::{
    Command, Issue, Refused, about, abouts, kit, service_named, shed, unknown_provider,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The credentials of all apps, in a folder.
#[derive(Debug)]
pub(super) struct Credentials {
    folder: PathBuf,
    known: Mutex<Vec<Known>>,
}

/// An app with its credentials.
#[derive(Clone, Debug)]
struct Known {
    provider: &'static str,
    kit: Kit,
}

/// The list as it lies in its file.
#[derive(Deserialize)]
struct Index {
    apps: Vec<BTreeMap<String, String>>,
}

/// Whether an app can be, without adding it.
///
/// # Errors
/// A setting is unknown or wrong, or contradicts another.
pub fn check_app(provider: &str, spec: &AppSpec) -> Result<(), SpecError> {
    match service_of(provider) {
        Ok((service, _)) => kit(service, spec, &Kit::default(), &mut RealKeys).map(drop),
        // Whoever asks knows the list.
        Err(_) => Ok(()),
    }
}

impl Credentials {
    /// The credentials in a folder, which is made when it is not there. Apps that it lists come
    /// back into the world.
    pub(super) fn open(folder: &Path, door: &Door) -> Result<Self, ControlError> {
        make_folder(folder)?;
        let folder = std::path::absolute(folder).map_err(|cause| ControlError::File {
            act: "read",
            path: folder.to_owned(),
            cause,
        })?;
        let credentials = Self { folder, known: Mutex::default() };
        let mut all = credentials.lock();
        for Known { provider, kit: read } in credentials.read_index()? {
            let spoiled = |error| match error {
                ControlError::Spec(error) => {
                    ControlError::Spoiled { path: credentials.folder.clone(), error }
                }
                error => error,
            };
            // What an earlier version did not make is made now.
            let (service, _) = service_of(provider)?;
            let spec = AppSpec { name: read.app.clone(), ..AppSpec::default() };
            let whole = kit(service, &spec, &read, &mut RealKeys);
            let whole = whole.map_err(|error| spoiled(error.into()))?;
            let known = Known { provider, kit: whole };
            credentials.take_in(door, &mut all, known).map_err(spoiled)?;
        }
        if !all.is_empty() {
            // The folder may have moved, and the list names files by their whole paths.
            credentials.write_index(&all)?;
        }
        drop(all);
        Ok(credentials)
    }

    /// Adds an app, or replaces its settings; what it has of keys stays. Gives its entry.
    pub(super) fn add(
        &self,
        door: &Door,
        provider: &str,
        spec: &AppSpec,
    ) -> Result<Value, ControlError> {
        let mut all = self.lock();
        let (service, provider) = service_of(provider)?;
        let own = all.iter().find(|it| it.provider == provider && it.kit.app == spec.name);
        let existing = match own {
            Some(own) => own.kit.clone(),
            // Making a key only to look at it would cost the first start its speed.
            None if all.iter().all(|it| it.provider != provider) => Kit::default(),
            None => sibling(&all, provider, &kit(service, spec, &Kit::default(), &mut RealKeys)?),
        };
        let kit = kit(service, spec, &existing, &mut RealKeys)?;
        let entry = self.entry(provider, &kit);
        self.take_in(door, &mut all, Known { provider, kit })?;
        self.write_index(&all)?;
        Ok(entry)
    }

    /// Makes a credential of an app anew. Gives the app's entry.
    pub(super) fn issue(&self, door: &Door, issue: &Issue) -> Result<Value, ControlError> {
        let mut all = self.lock();
        let (service, app) = door.look(|world, _| world.find_app(&issue.app))?;
        let about = about(service);
        let is_it = |it: &&Known| it.provider == about.name && it.kit.app == app;
        let mut kit = all.iter().find(is_it).map(|it| it.kit.clone()).unwrap_or_default();
        if !shed(service, &mut kit, &issue.credential) {
            return Err(Refused::unknown_credential(about, &issue.credential).into());
        }
        let spec = AppSpec { name: app, ..AppSpec::default() };
        let kit = crate::world::kit(service, &spec, &kit, &mut RealKeys)?;
        let entry = self.entry(about.name, &kit);
        self.take_in(door, &mut all, Known { provider: about.name, kit })?;
        self.write_index(&all)?;
        let note = json!({
            "provider": about.name,
            "app": spec.name,
            "credential": issue.credential,
        });
        door.apply(Command::Note("credentials_issued", note))?;
        Ok(entry)
    }

    /// Adds the apps of a configuration; without any, one demo app for each service that has none.
    pub(super) fn prepare<'a>(
        &self,
        door: &Door,
        apps: impl Iterator<Item = (&'a str, &'a AppSpec)>,
    ) -> Result<(), ControlError> {
        let mut configured = false;
        for (provider, spec) in apps {
            configured = true;
            self.add(door, provider, spec)?;
        }
        if configured {
            return Ok(());
        }
        for (_, about) in abouts() {
            let has_one = self.lock().iter().any(|it| it.provider == about.name);
            if !has_one {
                let spec = AppSpec { name: about.demo_app.to_owned(), ..AppSpec::default() };
                self.add(door, about.name, &spec)?;
            }
        }
        Ok(())
    }

    /// All entries, in the order in which the apps came.
    pub(super) fn list(&self) -> Vec<Value> {
        self.lock().iter().map(|it| self.entry(it.provider, &it.kit)).collect()
    }

    /// Where the files are.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes an app's files, and tells the world and the key ring of it. What a service does not
    /// take leaves no files.
    fn take_in(&self, door: &Door, all: &mut Vec<Known>, new: Known) -> Result<(), ControlError> {
        let (service, _) = service_of(new.provider)?;
        door.look(|world, _| world.room_for_app(new.provider, &new.kit.app))?;
        let mut keys = (*door.keys()).clone();
        keys.learn(service, &new.kit)?;
        make_folder(&self.folder.join(new.provider))?;
        for file in new.kit.files.values() {
            write_secret(&self.place(new.provider, file), &file.content)?;
        }
        let command = Command::AddApp { provider: new.provider.to_owned(), kit: new.kit.clone() };
        door.apply(command)?;
        door.set_keys(Arc::new(keys));
        let is_it = |it: &&mut Known| it.provider == new.provider && it.kit.app == new.kit.app;
        match all.iter_mut().find(is_it) {
            Some(known) => *known = new,
            None => all.push(new),
        }
        Ok(())
    }

    fn entry(&self, provider: &str, kit: &Kit) -> Value {
        let mut entry = Map::new();
        entry.insert("provider".to_owned(), provider.into());
        entry.insert("app".to_owned(), kit.app.as_str().into());
        for (key, value) in &kit.values {
            entry.insert((*key).to_owned(), value.as_str().into());
        }
        for (key, file) in &kit.files {
            let path = self.place(provider, file).to_string_lossy().into_owned();
            entry.insert((*key).to_owned(), path.into());
        }
        Value::Object(entry)
    }

    fn place(&self, provider: &str, file: &KitFile) -> PathBuf {
        self.folder.join(provider).join(&file.name)
    }

    fn index_path(&self) -> PathBuf {
        self.folder.join("index.json")
    }

    fn write_index(&self, all: &[Known]) -> Result<(), ControlError> {
        let apps: Vec<_> = all.iter().map(|it| self.entry(it.provider, &it.kit)).collect();
        let text = format!("{:#}\n", json!({ "apps": apps }));
        write_secret(&self.index_path(), text.as_bytes())
    }

    fn read_index(&self) -> Result<Vec<Known>, ControlError> {
        let path = self.index_path();
        let Some(content) = read_if_there(&path)? else { return Ok(Vec::new()) };
        let index: Index = serde_json::from_slice(&content)
            .map_err(|error| ControlError::Index { path, what: error.to_string() })?;
        index.apps.into_iter().map(|entry| self.read_entry(entry)).collect()
    }

    fn read_entry(&self, mut entry: BTreeMap<String, String>) -> Result<Known, ControlError> {
        let mut take = |key: &str| {
            entry.remove(key).ok_or_else(|| ControlError::Index {
                path: self.index_path(),
                what: format!("an app without `{key}`"),
            })
        };
        let (provider, app) = (take("provider")?, take("app")?);
        let (_, provider) = service_of(&provider).map_err(|error| ControlError::Index {
            path: self.index_path(),
            what: error.to_string(),
        })?;
        let mut kit = Kit { app, ..Kit::default() };
        for (key, value) in entry {
            match self.file_of(provider, &value) {
                Some(path) => {
                    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    let file = KitFile { name, content: read(&path)? };
                    kit.files.insert(word(&key), file);
                }
                None => {
                    kit.values.insert(word(&key), value);
                }
            }
        }
        Ok(Known { provider, kit })
    }

    /// Where the file of an entry lies, if the value names one: files are absolute paths in a
    /// folder of the service's name. It is looked for in our own folder, which may have moved.
    fn file_of(&self, provider: &str, value: &str) -> Option<PathBuf> {
        let path = Path::new(value);
        let is_file = path.is_absolute() && path.parent()?.ends_with(provider);
        is_file.then(|| Some(self.folder.join(provider).join(path.file_name()?))).flatten()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The app of a service that has most in common with a new one, such as its owner, because some
/// services give all apps of an owner the same key; nothing when none has anything in common.
fn sibling(all: &[Known], provider: &str, new: &Kit) -> Kit {
    let in_common = |it: &Known| {
        let values = it.kit.values.iter();
        values.filter(|(key, value)| new.values.get(*key) == Some(value)).count()
    };
    let siblings = all.iter().filter(|it| it.provider == provider).rev();
    let nearest = siblings.max_by_key(|it| in_common(it)).filter(|it| in_common(it) > 0);
    nearest.map(|it| it.kit.clone()).unwrap_or_default()
}

fn service_of(name: &str) -> Result<(crate::post::ServiceId, &'static str), ControlError> {
    let Some(service) = service_named(name) else {
        return Err(unknown_provider(name).into());
    };
    Ok((service, crate::world::about(service).name))
}

/// A key of an entry as the services' kits have it. Each is kept for good, once: there are as many
/// as services have keys, and files are bounded.
fn word(key: &str) -> &'static str {
    static WORDS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut words = WORDS.lock().unwrap_or_else(PoisonError::into_inner);
    match words.get(key) {
        Some(word) => word,
        None => {
            let word: &'static str = Box::leak(key.into());
            words.insert(word);
            word
        }
    }
}
