//! WIT packages that a plugin's project brings itself: interfaces that it provides to others, or those of another
//! vendor that it uses. The SDK's macros and the authors' tools read them here; it is all that this crate reads.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::nesting::nested;

/// The folder of a project that has them: files of one package beside each other, or folders of one package each, also
/// below `deps`, as other tools of WIT lay them out.
pub const FOLDER: &str = "wit";

/// Below [`FOLDER`], where other tools keep the packages of others.
const DEPS: &str = "deps";

/// The namespace of the host's own packages.
const HOSTS_NAMESPACE: &str = "stoa:";

/// What a project brings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnPackages {
    /// All packages, to follow [`WIT_PACKAGES`](crate::WIT_PACKAGES) in the same text.
    pub text: String,
    /// Their names, such as `acme:loyalty@0.1.0`.
    pub names: Vec<String>,
    /// The files, in the order of their names.
    pub files: Vec<PathBuf>,
}

/// Why a project's packages can't be used.
#[derive(Debug, thiserror::Error)]
pub enum OwnPackageError {
    /// A file or folder can't be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A folder is no package.
    #[error("{}: {reason}", folder.display())]
    NoPackage {
        /// Which.
        folder: PathBuf,
        /// Why.
        reason: String,
    },
    /// A package that the host has already, or alone may have.
    #[error("{}: packages of the namespace {HOSTS_NAMESPACE} are the host's own, and there already", .0.display())]
    Hosts(PathBuf),
}

/// Reads the packages of a project; none if it has no such folder.
///
/// # Errors
/// Every [`OwnPackageError`].
pub fn packages(project: &Path) -> Result<OwnPackages, OwnPackageError> {
    let root = project.join(FOLDER);
    let mut own = OwnPackages::default();
    if !root.is_dir() {
        return Ok(own);
    }
    let deps = root.join(DEPS);
    let mut folders = vec![root.clone()];
    for parent in [&root, &deps] {
        if parent.is_dir() {
            let entries = sorted(parent)?.into_iter();
            folders.extend(entries.filter(|path| path.is_dir() && *path != deps));
        }
    }
    for folder in folders {
        let files: Vec<PathBuf> = sorted(&folder)?
            .into_iter()
            .filter(|path| path.extension().is_some_and(|extension| extension == "wit"))
            .collect();
        if files.is_empty() && folder == root {
            continue;
        }
        let texts = files.iter().map(|file| {
            fs::read_to_string(file).map_err(|source| OwnPackageError::Unreadable {
                path: file.clone(),
                source,
            })
        });
        let texts = texts.collect::<Result<Vec<_>, _>>()?;
        let nested = nested(texts).map_err(|reason| OwnPackageError::NoPackage {
            folder: folder.clone(),
            reason,
        });
        let (name, text) = nested?;
        if name.starts_with(HOSTS_NAMESPACE) {
            return Err(OwnPackageError::Hosts(folder));
        }
        own.text += &text;
        own.names.push(name);
        own.files.extend(files);
    }
    Ok(own)
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>, OwnPackageError> {
    let unreadable = |source| OwnPackageError::Unreadable {
        path: folder.to_owned(),
        source,
    };
    let entries = fs::read_dir(folder).map_err(unreadable)?;
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<Vec<_>>>()
        .map_err(unreadable)?;
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    /// A folder that goes with its test. A crate for it would be one more of all builds: plugins' macros link this one.
    struct Project(PathBuf);

    impl Project {
        fn of(name: &str, files: &[(&str, &str)]) -> Self {
            let name = format!("stoa-wit-{}-{name}", std::process::id());
            let project = Self(std::env::temp_dir().join(name));
            fs::create_dir_all(&project.0).unwrap();
            for (path, text) in files {
                let file = project.0.join(FOLDER).join(path);
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(file, text).unwrap();
            }
            project
        }
    }

    impl Drop for Project {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    const POINTS: &str = "/// Points.\npackage acme:loyalty@0.1.0;\n\ninterface points {\n}\n";

    #[test]
    fn a_project_without_the_folder_brings_none() {
        let project = Project::of("none", &[]);
        assert_eq!(packages(&project.0).unwrap(), OwnPackages::default());
    }

    #[test]
    fn packages_are_beside_each_other_in_folders_or_below_deps() {
        let files = [
            ("points.wit", POINTS),
            ("other/b.wit", "package b:b@1.0.0;\ninterface b {}\n"),
            ("deps/c/c.wit", "package c:c@1.0.0;\ninterface c {}\n"),
            ("notes.txt", "no WIT"),
        ];
        let project = Project::of("beside", &files);
        let own = packages(&project.0).unwrap();
        assert_eq!(own.names, ["acme:loyalty@0.1.0", "b:b@1.0.0", "c:c@1.0.0"]);
        assert_eq!(own.files.len(), 3);
        let expected = "/// Points.\npackage acme:loyalty@0.1.0 {\n\ninterface points {\n}\n}\n";
        assert!(own.text.starts_with(expected), "{}", own.text);
    }

    #[test]
    fn what_is_no_package_and_what_is_the_hosts_is_refused() {
        let refused = |name: &str, files: &[(&str, &str)]| {
            let project = Project::of(name, files);
            packages(&project.0).unwrap_err()
        };
        let nameless = refused("nameless", &[("a.wit", "interface a {}")]);
        assert!(matches!(nameless, OwnPackageError::NoPackage { .. }));
        let two = refused(
            "two",
            &[("a.wit", POINTS), ("b.wit", "package b:b@1.0.0;\n")],
        );
        assert!(two.to_string().contains("both"), "{two}");
        let hosts = refused("hosts", &[("s/s.wit", "package stoa:storage@0.2.0;\n")]);
        assert!(matches!(hosts, OwnPackageError::Hosts(_)));
    }
}
