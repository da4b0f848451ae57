//! A Python with the packages that tests talk to, in a folder of its own under the target folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::prerequisites::{self, Consent, Tool};
use crate::process;
use crate::workspace::Workspace;

/// What makes the folder.
const TOOLS: &[Tool] = &[Tool::PYTHON];
/// Debian's package without which `python3 -m venv` makes no `pip`.
const VENV_PACKAGE: &str = "python3-venv";

/// The packages with their versions: a real SMTP server, a server that speaks the language of S3, the libraries of
/// the services that have stand-ins, a client of Socket.IO, the messages of OpenTelemetry, and what they need.
const PACKAGES: &[&str] = &[
    "aiosmtpd==1.4.6",
    "atpublic==9.0.0",
    "attrs==26.1.0",
    "bidict==0.24.1",
    "blinker==1.9.0",
    "boto3==1.44.5",
    "botocore==1.44.5",
    "certifi==2026.10.18",
    "cffi==2.1.1",
    "charset-normalizer==3.5.2",
    "click==8.5.1",
    "cryptography==50.0.2",
    "flask-cors==6.0.5",
    "Flask==3.1.3",
    "idna==3.20",
    "itsdangerous==2.2.0",
    "Jinja2==3.1.6",
    "jmespath==1.1.0",
    "MarkupSafe==3.0.4",
    "moto==5.2.5",
    "opentelemetry-proto==1.45.2",
    "protobuf==7.36.2",
    "py-partiql-parser==0.6.3",
    "pycparser==3.12",
    "PyJWT==2.15.1",
    "python-dateutil==2.9.0.post0",
    "python-engineio==4.15.1",
    "python-socketio==5.18.1",
    "PyYAML==6.0.3",
    "razorpay==2.0.1",
    "requests==2.34.2",
    "responses==0.26.3",
    "s3transfer==0.19.3",
    "six==1.17.0",
    "stripe==16.1.0",
    "twilio==9.13.0",
    "typing_extensions==4.16.0",
    "urllib3==2.8.0",
    "websocket-client==1.9.2",
    "Werkzeug==3.1.9",
    "xmltodict==1.0.4",
];

/// The file that says which packages the folder has, written when it is complete.
const STAMP: &str = "packages.txt";

/// Makes sure that the folder is there and complete; answers its interpreter.
pub fn ensure(workspace: &Workspace, consent: Consent) -> Result<PathBuf> {
    let folder = workspace.target.join("test-python");
    let python = folder.join("bin").join("python");
    let packages = PACKAGES.join("\n");
    let stamp = folder.join(STAMP);
    if fs::read_to_string(&stamp).is_ok_and(|text| text == packages) && python.exists() {
        return Ok(python);
    }
    prerequisites::ensure(TOOLS, &[VENV_PACKAGE], consent)?;
    if !has_venv() {
        prerequisites::install(&[VENV_PACKAGE], consent)?;
    }
    make(&folder, &python)?;
    fs::write(&stamp, packages).with_context(|| stamp.display().to_string())?;
    Ok(python)
}

fn make(folder: &Path, python: &Path) -> Result<()> {
    let mut venv = Command::new("python3");
    process::run(venv.args(["-m", "venv", "--clear"]).arg(folder))?;
    let mut pip = Command::new(python);
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]);
    process::run(pip.arg("--no-deps").args(PACKAGES))
}

fn has_venv() -> bool {
    process::output(Command::new("python3").args(["-c", "import ensurepip"])).is_ok()
}
