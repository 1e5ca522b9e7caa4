//! Settings for PHP, whose libcurl reads no variable that names a bundle. [tried] PHP 8.2

use std::path::Path;

/// An ini file by which PHP trusts a bundle.
pub(super) fn ini(bundle: &Path) -> String {
    let bundle = bundle.display().to_string().replace('\\', "\\\\").replace('"', "\\\"");
    format!("curl.cainfo=\"{bundle}\"\nopenssl.cafile=\"{bundle}\"\n")
}

/// The folders where PHP looks for ini files: those that were preset, else its own, then ours.
pub(super) fn scanned(preset: Option<&str>, ours: &Path) -> String {
    // An empty part stands for the folder that PHP was built with. [client] php-src, php_ini.c
    format!("{}:{}", preset.unwrap_or_default(), ours.display())
}
