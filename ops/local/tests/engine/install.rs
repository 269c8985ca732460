//! Installing the engine and the AWS CLI: an error names which, what the machine lacks, and what to do about it.

use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;

use aws_client::chain;
use local_stack::engine::{AWS_CLI_PACKAGES, ENGINE_PACKAGES, Obstacle, Provision};
use tempfile::TempDir;
use terminal::progress::{Progress, Reporter};

use crate::script::write_script;

/// A machine whose `python3` is a script, and a directory for environments.
struct Machine {
    home: TempDir,
}

impl Machine {
    /// `python3` answers `version`, makes environments of copies of itself, and its pip runs `pip`.
    fn new(version: &str, venv: &str, pip: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let script = format!(
            r#"case "$*" in
                *ensurepip*) echo '{version}'; {venv} ;;
                "-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && echo made >> "{log}" ;;
                "-m pip "*) {pip} ;;
            esac"#,
            log = home.path().join("log").display()
        );
        write_script(&home.path().join("python3"), &script);
        Self { home }
    }

    fn healthy() -> Self {
        Self::new("3 12", ":", "echo 'Collecting ministack==1.5.33 (from -r x)'")
    }

    fn provision(&self) -> Provision {
        Provision {
            directory: self.environments(),
            python: self.home.path().join("python3").into(),
            packages: ENGINE_PACKAGES,
        }
    }

    fn environments(&self) -> PathBuf {
        self.home.path().join("environments")
    }

    fn times_made(&self) -> usize {
        fs::read_to_string(self.home.path().join("log")).unwrap_or_default().lines().count()
    }

    async fn obstacle(&self) -> Obstacle {
        self.provision().ensure(&()).await.unwrap_err().source
    }
}

#[derive(Default)]
struct Collect(Mutex<Vec<Progress>>);

impl Reporter for Collect {
    fn report(&self, progress: Progress) {
        self.0.lock().unwrap().push(progress);
    }
}

#[tokio::test]
async fn finished_environment_is_used_again_without_a_word() {
    let machine = Machine::healthy();
    let first = Collect::default();
    machine.provision().ensure(&first).await.unwrap();
    let reported = first.0.into_inner().unwrap();
    assert!(
        reported.iter().any(|p| matches!(p, Progress::Moved { detail, done: Some(1), total: Some(_), .. }
        if detail == "collecting ministack==1.5.33"))
    );

    let second = Collect::default();
    machine.provision().ensure(&second).await.unwrap();

    assert!(second.0.into_inner().unwrap().is_empty());
    assert_eq!(machine.times_made(), 1);
}

#[tokio::test]
async fn half_finished_environment_is_made_anew() {
    let machine = Machine::healthy();
    let venv = machine.provision().ensure(&()).await.unwrap();
    let home = venv.python.parent().unwrap().parent().unwrap().to_owned();
    fs::remove_file(home.join("complete")).unwrap();
    fs::write(home.join("leftover"), "").unwrap();

    machine.provision().ensure(&()).await.unwrap();

    assert_eq!(machine.times_made(), 2);
    assert!(!home.join("leftover").exists());
    assert!(home.join("complete").exists());
}

#[tokio::test]
async fn environment_of_a_python_that_was_replaced_is_made_anew() {
    let machine = Machine::healthy();
    let venv = machine.provision().ensure(&()).await.unwrap();
    fs::remove_file(&venv.python).unwrap();
    std::os::unix::fs::symlink("/bin/sh", &venv.python).unwrap();

    machine.provision().ensure(&()).await.unwrap();

    assert_eq!(machine.times_made(), 2);
}

#[tokio::test]
async fn environment_that_lost_a_package_is_made_anew() {
    let record = r#"mkdir -p "$(dirname "$0")/../lib/python3.12/site-packages/six-1.dist-info" &&
        cd "$(dirname "$0")/../lib/python3.12/site-packages" && echo six > six.py &&
        printf 'six.py,sha256=x,4\n' > six-1.dist-info/RECORD"#;
    let machine = Machine::new("3 12", ":", record);
    let venv = machine.provision().ensure(&()).await.unwrap();
    machine.provision().ensure(&()).await.unwrap();
    assert_eq!(machine.times_made(), 1);
    let packages = venv.python.parent().unwrap().join("../lib/python3.12/site-packages");

    fs::remove_file(packages.join("six.py")).unwrap();
    machine.provision().ensure(&()).await.unwrap();
    assert_eq!(machine.times_made(), 2);
    fs::remove_dir_all(&packages).unwrap();
    machine.provision().ensure(&()).await.unwrap();

    assert_eq!(machine.times_made(), 3);
    assert!(packages.join("six.py").exists());
}

#[tokio::test]
async fn starts_at_the_same_time_share_one_installation() {
    let machine = Machine::healthy();
    let provision = machine.provision();
    let (a, b, c) = tokio::join!(provision.ensure(&()), provision.ensure(&()), provision.ensure(&()));
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert_eq!(machine.times_made(), 1);
}

#[tokio::test]
async fn whatever_hinders_an_installation_is_said_of_what_was_being_installed_and_of_nothing_else() {
    let says = |line: &str| format!("echo '{line}' >&2; exit 1");
    let machines = [
        Machine::new("3 8", ":", ":"),
        Machine::new("3 12", "exit 1", ":"),
        Machine::new("3 12", ":", &says("NewConnectionError")),
        Machine::new("3 12", ":", &says("No space left on device")),
        Machine::new("3 12", ":", &says("error: no compiler")),
    ];
    let packages = [(ENGINE_PACKAGES, "the engine", "CLI"), (AWS_CLI_PACKAGES, "the AWS CLI", "engine")];
    for machine in &machines {
        for (packages, name, other) in packages {
            let provision = Provision { packages, ..machine.provision() };
            let (reported, error) = (Collect::default(), provision.ensure(&()).await.unwrap_err());
            provision.ensure(&reported).await.unwrap_err();
            let message = chain(&error);
            assert!(message.starts_with(&format!("{name} cannot be installed: ")), "{message}");
            // The directory of the environments is the same.
            let said = format!("{message} {:?}", reported.0.into_inner().unwrap());
            assert!(!said.contains(other), "{said}");
        }
    }
}

#[tokio::test]
async fn missing_python_says_how_to_install_it() {
    let machine = Machine::healthy();
    let provision = Provision { python: "/nonexistent/python3".into(), ..machine.provision() };
    let message = provision.ensure(&()).await.unwrap_err().source.to_string();
    assert!(
        message.contains("/nonexistent/python3 was not found") && message.contains("install"),
        "{message}"
    );
}

#[tokio::test]
async fn old_python_says_its_version_and_the_one_needed() {
    let message = Machine::new("3 8", ":", ":").obstacle().await.to_string();
    assert!(message.contains("Python 3.8") && message.contains("3.10"), "{message}");
}

#[tokio::test]
async fn python_without_its_venv_module_names_the_package_to_install() {
    let error = Machine::new("3 12", "exit 1", ":").obstacle().await;
    assert!(matches!(error, Obstacle::NoVenvModule { .. }));
    assert!(error.to_string().contains("python3-venv"), "{error}");
}

#[tokio::test]
async fn no_network_is_told_and_the_next_start_tries_again() {
    // What pip prints when the index cannot be reached, shortened.
    let fails = "echo 'WARNING: Retrying after connection broken by NewConnectionError' >&2
        echo 'ERROR: No matching distribution found for ministack' >&2; exit 1";
    let machine = Machine::new("3 12", ":", fails);
    let error = machine.obstacle().await;
    let expected = "ERROR: No matching distribution found for ministack";
    assert!(matches!(&error, Obstacle::NoNetwork { printed } if printed == expected), "{error}");
    assert!(error.to_string().contains("first time needs the network"), "{error}");
    assert!(matches!(machine.obstacle().await, Obstacle::NoNetwork { .. }));
    assert_eq!(machine.times_made(), 2);
}

#[tokio::test]
async fn full_disk_names_the_directory() {
    let fails = "echo 'OSError: [Errno 28] No space left on device' >&2; exit 1";
    let machine = Machine::new("3 12", ":", fails);
    let message = machine.obstacle().await.to_string();
    assert!(
        message.contains(&machine.environments().display().to_string()) && message.contains("full"),
        "{message}"
    );
}

#[tokio::test]
async fn anything_else_that_pip_says_is_shown() {
    let error = Machine::new("3 12", ":", "echo 'error: no compiler' >&2; exit 1").obstacle().await;
    assert!(matches!(&error, Obstacle::Tool { printed, .. } if printed == "error: no compiler"));
}
