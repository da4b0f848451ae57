//! Plugins of the folder: each file is one, and whoever can write there is the operator.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use stoa_kernel::deployment::Scope;
use stoa_kernel::status::PartStatus;

use crate::Runtime;
use crate::activation::{self, ActivationError, Origin};
use crate::artifact::ImportError;
use crate::config::Policy;
use crate::linking::LinkError;
use crate::sets::{Serving, Source};

/// What is known of one plugin file.
#[derive(Debug, Clone, Default)]
pub(crate) struct FileState {
    pub plugin: Option<Arc<str>>,
    pub refused: Option<String>,
    /// Whether it was refused for what others are or have.
    pub waits: bool,
    /// The digest of a version that went live and failed: it is not taken again.
    pub failed: Option<String>,
}

/// Files serve the whole deployment.
const SCOPE: &Scope = &Scope::Deployment;

impl Runtime {
    /// Loads a new or changed file, or says why not. Until it is live, and if it is refused, whatever
    /// served before goes on. Requests under way keep the version that they began with.
    ///
    /// # Errors
    /// Every [`ActivationError`]; [`stoa_kernel::plugins::Plugins::status`] shows it too.
    pub async fn load(&self, file: &Path) -> Result<(), ActivationError> {
        // Held while the file is read, too: of two changes the later one must win.
        let _alone = self.changing.lock().await;
        self.load_alone(file).await
    }

    async fn load_alone(&self, file: &Path) -> Result<(), ActivationError> {
        let origin = Origin::Folder {
            file: file.to_path_buf(),
            failed: self.state_of(file).failed,
        };
        let candidate = match activation::prepare(&self.core, origin).await {
            Ok(candidate) => candidate,
            Err(error) => return Err(self.refuse(file, error)),
        };
        let name = Arc::clone(&candidate.revision.name);
        if let Err(error) = self.is_free(file, &name) {
            return Err(self.refuse(file, error));
        }
        let before = self.state_of(file).plugin;
        let renamed = before.as_deref().filter(|old| *old != &*name);
        let source = Source::File(file.to_path_buf());
        match self.activate(SCOPE, source, &candidate, renamed).await {
            Ok(()) => {
                let plugin = Some(name);
                self.note(
                    file,
                    FileState {
                        plugin,
                        ..FileState::default()
                    },
                );
                tracing::info!(plugin = ?candidate.revision, file = %file.display(), "plugin is live");
                Ok(())
            }
            Err(error) => Err(self.refuse(file, error)),
        }
    }

    /// Loads once more what was refused for what others were or had, after those have changed: a file that was
    /// renamed, or whose routes another one had.
    pub async fn load_waiting(&self) {
        let _alone = self.changing.lock().await;
        let mut is_otherwise = true;
        while std::mem::take(&mut is_otherwise) {
            for file in self.files_that(|state| state.waits) {
                // The reason is in the log and in the status.
                is_otherwise |= self.load_alone(&file).await.is_ok();
            }
        }
    }

    /// Takes a plugin out after its file has gone. Requests under way end in peace.
    pub async fn unload(&self, file: &Path) {
        let _alone = self.changing.lock().await;
        let state = self
            .files
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(file);
        if let Some(name) = state.and_then(|state| state.plugin) {
            self.take_out(SCOPE, &name);
        }
    }

    /// Lets the operator's new word about plugins take effect: what may no longer be done at once, also in requests
    /// under way, and the rest by loading every file again under it.
    /// A plugin that uses what is withheld now serves no further request. One that can't live under the new
    /// word for another reason goes on under the old one. [`stoa_kernel::plugins::Plugins::status`] says so either way.
    pub async fn set_policy(&self, policy: Policy) {
        // A file that is being loaded now was judged under the old word; wait, and judge it again.
        let _alone = self.changing.lock().await;
        if **self.core.policy.load() == policy {
            return;
        }
        self.core.policy.store(Arc::new(policy));
        self.judge_all();
        for file in self.files_that(|_| true) {
            // The reason is in the log and in the status.
            if let Err(ActivationError::Link(LinkError::Import(ImportError::Withheld(..)))) =
                self.load_alone(&file).await
                && let Some(name) = self.state_of(&file).plugin
            {
                self.take_out(SCOPE, &name);
            }
        }
    }

    /// Grants what the operator's word of now says, to versions that only end their requests, too.
    fn judge_all(&self) {
        let (table, policy) = (self.table(), self.core.policy.load());
        for revision in self.core.revisions() {
            revision.grants.judge(&revision.package.manifest, &policy);
        }
        match self.sets_of(&table, SCOPE) {
            Ok(sets) => self.switch(table, sets),
            Err(error) => {
                tracing::error!(%error, "what is granted now makes plugins clash; routes stay as they are");
            }
        }
    }

    fn refuse(&self, file: &Path, error: ActivationError) -> ActivationError {
        tracing::error!(file = %file.display(), %error, "plugin refused; what served before goes on");
        let state = FileState {
            refused: Some(error.to_string()),
            waits: matches!(
                error,
                ActivationError::Set(_) | ActivationError::NameTaken(..)
            ),
            ..self.state_of(file)
        };
        self.note(file, state);
        error
    }

    pub(crate) fn note(&self, file: &Path, state: FileState) {
        self.files
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(file.to_path_buf(), state);
    }

    pub(crate) fn state_of(&self, file: &Path) -> FileState {
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        files.get(file).cloned().unwrap_or_default()
    }

    fn files_that(&self, wanted: impl Fn(&FileState) -> bool) -> Vec<PathBuf> {
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        let found = files.iter().filter(|(_, state)| wanted(state));
        found.map(|(file, _)| file.clone()).collect()
    }

    /// Whether no other file and no deployment has the name.
    fn is_free(&self, file: &Path, name: &Arc<str>) -> Result<(), ActivationError> {
        let taken = |by: String| Err(ActivationError::NameTaken(name.to_string(), by));
        let other = {
            let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
            let mut others = files
                .iter()
                .filter(|(path, state)| *path != file && state.plugin.as_ref() == Some(name));
            others.next().map(|(path, _)| path.clone())
        };
        if let Some(other) = other {
            return taken(other.display().to_string());
        }
        let is_deployed = |serving: &Serving| serving.source == Source::Registry;
        if self.table().get(SCOPE, name).is_some_and(is_deployed) {
            return taken("the registry".into());
        }
        Ok(())
    }

    /// One entry per file.
    pub(crate) fn files_status(&self) -> Vec<PartStatus> {
        let table = self.table();
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        let part = |(file, state): (&PathBuf, &FileState)| {
            let stem = file
                .file_stem()
                .map(|stem| stem.to_string_lossy().into_owned())
                .unwrap_or_default();
            let name = state.plugin.as_deref().map_or(stem, str::to_string);
            let plugin = state.plugin.as_ref();
            let serving = plugin.and_then(|plugin| table.get(SCOPE, plugin));
            PartStatus {
                part: format!("plugin:{name}"),
                ready: serving.is_some(),
                version: serving.map(|serving| serving.revision().package.manifest.version.clone()),
                detail: state
                    .refused
                    .clone()
                    .or_else(|| {
                        serving.and_then(|serving| serving.revision().record.gates.troubles())
                    })
                    .map(|reason| {
                        let name = file.file_name().map(|name| name.to_string_lossy());
                        format!("{}: {reason}", name.unwrap_or_default())
                    }),
            }
        };
        files.iter().map(part).collect()
    }
}
