//! The clients of `docs/clients`, as their page shows them, with the libraries that they name: each uploads a photo.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use contract::image_id;
use local_stack::engine::{AWS_CLI_PACKAGES, ENGINE_PACKAGES, Packages, Provision};
use local_stack::user::Tokens;
use tokio::process::Command;
use tokio::sync::OnceCell;
use tokio::time::timeout;
use url::Url;

use crate::browser::site::Site;
use crate::harness::{Harness, root};
use crate::uploader::somebody;

/// Longest wait for a program; an installation on a busy machine takes most of it.
const PATIENCE: Duration = Duration::from_mins(5);

/// The programs, in the order of the page.
const FILES: [&str; 7] =
    ["curl.sh", "fetch.mjs", "uppy.mjs", "sdk.mjs", "node.mjs", "upload.py", "aws-cli.sh"];

fn documents() -> PathBuf {
    root().join("docs/clients")
}

fn photo() -> PathBuf {
    root().join("ops/local/photos/raccoon.jpg")
}

/// What a program printed last; it must succeed.
async fn last_line(command: &mut Command) -> String {
    let command = command.stdin(Stdio::null()).kill_on_drop(true);
    let output = timeout(PATIENCE, command.output()).await.expect("the program should end").unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    // Its variables hold a token.
    let program = command.as_std().get_program().display();
    assert!(output.status.success(), "{program}: {}\n{stderr}", output.status);
    let stdout = String::from_utf8(output.stdout).unwrap();
    stdout.lines().last().unwrap_or_default().to_owned()
}

/// The clients beside their packages, bundled for browsers too; installed once, from the lock file.
async fn installed() -> &'static Path {
    static DIRECTORY: OnceCell<PathBuf> = OnceCell::const_new();
    let install = async || {
        let directory = root().join("target/clients");
        fs::create_dir_all(&directory).unwrap();
        for file in fs::read_dir(documents()).unwrap().flatten() {
            fs::copy(file.path(), directory.join(file.file_name())).unwrap();
        }
        fs::write(directory.join("page.mjs"), include_str!("clients/page.mjs")).unwrap();
        let npm = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
        last_line(Command::new("npm").args(npm).current_dir(&directory)).await;
        let bundle = ["page.mjs", "--bundle", "--format=esm", "--outfile=bundle.js", "--log-level=error"];
        last_line(Command::new("node_modules/.bin/esbuild").args(bundle).current_dir(&directory)).await;
        directory
    };
    DIRECTORY.get_or_init(install).await
}

/// The directory of the programs of an environment of Python.
async fn programs(packages: Packages) -> PathBuf {
    let directory = root().join(".local-stack");
    let provision = Provision { directory, python: "python3".into(), packages };
    provision.ensure(&()).await.unwrap().python.parent().unwrap().to_owned()
}

/// Runs a client with what its page says it needs, in an empty environment otherwise but for `programs`.
async fn run(harness: &Harness, tokens: &Tokens, programs: &Path, command: [&Path; 3]) -> String {
    let [program, file, photo] = command;
    let variables = harness.info.client_environment(tokens).unwrap();
    last_line(
        Command::new("env")
            .arg(program)
            .arg(documents().join(file))
            .arg(photo)
            .env_clear()
            .env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", programs.display()))
            .envs(variables.into_iter().filter_map(|(name, value)| Some((name, value?)))),
    )
    .await
}

/// The image of a key that the client chose.
fn image_of(key: &str, tokens: &Tokens) -> String {
    assert!(key.starts_with(&format!("user-uploads/{}/", tokens.sub)), "{key}");
    image_id::image_id(key).to_string()
}

async fn assert_done(harness: &Harness, image_id: &str) {
    assert_eq!(harness.settled(image_id).await.status(), "DONE", "{image_id}");
}

#[test]
fn page_of_clients_shows_each_file_as_it_is_and_none_takes_more_than_ten_lines() {
    let page = fs::read_to_string(documents().join("README.md")).unwrap();
    for file in FILES {
        let text = fs::read_to_string(documents().join(file)).unwrap();
        let language = match file.rsplit_once('.').unwrap().1 {
            "sh" => "bash",
            "py" => "python",
            _ => "js",
        };
        let shown = format!("]({file})\n\n```{language}\n{text}```");
        assert!(page.contains(&shown), "{file}");
        let is_work = |line: &&str| {
            let line = line.trim();
            let is_frame = [
                "//",
                "#",
                "\"\"\"",
                "import ",
                "from ",
                "export async function",
                "export function",
                "async function",
            ]
            .iter()
            .any(|start| line.starts_with(start));
            !(line.is_empty() || line == "}" || is_frame)
        };
        let lines = text.lines().filter(is_work).count();
        assert!(lines <= 10, "{file} takes {lines} lines beside imports, comments and heads of functions");
        // Where stacks are used, below this test.
        let (_, tests) = include_str!("clients.rs").split_once(concat!("#[tokio", "::test]")).unwrap();
        let is_run =
            [tests, include_str!("clients/page.mjs")].iter().any(|it| it.contains(&format!("{file}\"")));
        assert!(is_run, "{file} is on the page and runs in no test");
    }
    let kept = |name: &str| {
        FILES.contains(&name) || ["README.md", "package.json", "package-lock.json"].contains(&name)
    };
    for file in fs::read_dir(documents()).unwrap().flatten() {
        let name = file.file_name().into_string().unwrap();
        assert!(kept(&name), "{name} is on no page and runs in no test");
    }
    let api = fs::read_to_string(root().join("docs/api.md")).unwrap();
    let text = fs::read_to_string(documents().join("fetch.mjs")).unwrap();
    let (_, function) = text.split_once("export ").unwrap();
    assert!(api.contains(function), "docs/api.md shows another page than fetch.mjs");
}

#[tokio::test]
#[ignore = "needs curl and jq, and builds ops"]
async fn two_lines_of_the_page_lead_from_a_running_stack_to_an_image_that_is_done() {
    let harness = Harness::shared().await;
    let page = fs::read_to_string(documents().join("README.md")).unwrap();
    let (_, lines) = page.split_once("```bash\neval ").unwrap();
    let (lines, _) = lines.split_once("```").unwrap();
    assert_eq!(lines.lines().count(), 2, "{lines}");
    // The page is about the stack of the default name, and this one has another.
    let programs = tempfile::tempdir().unwrap();
    let cargo = programs.path().join("cargo");
    let script = format!("#!/bin/sh\nexec '{}' \"$@\" --name '{}'\n", env!("CARGO"), harness.info.name);
    fs::write(&cargo, script).unwrap();
    fs::set_permissions(&cargo, Permissions::from_mode(0o755)).unwrap();

    let shell = format!("PATH='{}':$PATH\neval {lines}", programs.path().display());
    let image = last_line(Command::new("bash").args(["-euc", &shell]).current_dir(root())).await;

    let item = harness.settled(&image).await;
    let folder = format!("user-uploads/{}/", harness.info.user.sub);
    assert_eq!(item.status(), "DONE", "{image}");
    assert!(item.text("originalS3Key").starts_with(&folder), "{image} is not the demo user's");
}

#[tokio::test]
#[ignore = "needs curl and jq"]
async fn curl_uploads_by_an_upload_url() {
    let harness = Harness::shared().await;
    let tokens = somebody(harness).await;
    let image = run(harness, &tokens, &documents(), ["bash".as_ref(), "curl.sh".as_ref(), &photo()]).await;
    assert_done(harness, &image).await;
}

#[tokio::test]
#[ignore = "installs the AWS CLI"]
async fn clients_in_python_upload_with_the_users_own_credentials() {
    let harness = Harness::shared().await;
    let directory = tempfile::tempdir().unwrap();
    let in_parts = directory.path().join("in-parts.jpg");
    // Both divide it; what follows the end of a JPEG is nothing to a decoder.
    let mut bytes = fs::read(photo()).unwrap();
    bytes.resize(9 << 20, 0);
    fs::write(&in_parts, bytes).unwrap();
    for (packages, program, file) in
        [(ENGINE_PACKAGES, "python", "upload.py"), (AWS_CLI_PACKAGES, "bash", "aws-cli.sh")]
    {
        for photo in [&photo(), &in_parts] {
            let tokens = somebody(harness).await;
            let command = [Path::new(program), Path::new(file), photo];
            let key = run(harness, &tokens, &programs(packages).await, command).await;
            assert_done(harness, &image_of(&key, &tokens)).await;
        }
    }
}

#[tokio::test]
#[ignore = "needs Node and npm"]
async fn sdk_for_javascript_uploads_from_node_with_the_users_own_credentials() {
    let harness = Harness::shared().await;
    let tokens = somebody(harness).await;
    let installed = installed().await.join("node.mjs");
    let key = run(harness, &tokens, &documents(), ["node".as_ref(), &installed, &photo()]).await;
    assert_done(harness, &image_of(&key, &tokens)).await;
}

#[tokio::test]
#[ignore = "needs Node, npm and Chromium"]
async fn fetch_uppy_and_the_sdk_upload_from_a_page() {
    let harness = Harness::shared().await;
    let directory = installed().await;
    let bundle = fs::read_to_string(directory.join("bundle.js")).unwrap();
    for client in ["fetch", "uppy", "sdk"] {
        let mut site = Site::with_script(bundle.clone()).await;
        let tokens = somebody(harness).await;
        let mut url = Url::parse(&format!("http://localhost:{}/clients", site.address.port())).unwrap();
        url.query_pairs_mut().extend_pairs([
            ("client", client),
            ("api", harness.output("GenerateUploadUrlEndpoint")),
            ("endpoint", &harness.info.endpoint),
            ("region", &harness.info.region),
            ("bucket", harness.output("OriginalBucketName")),
            ("userPool", harness.output("UserPoolId")),
            ("identityPool", harness.output("IdentityPoolId")),
            ("sub", &tokens.sub),
            ("token", &tokens.id_token),
        ]);
        let seen = site.visit(url.as_str(), "").await;
        let image = match (seen["image_id"].as_str(), seen["key"].as_str()) {
            (Some(id), _) => id.to_owned(),
            (None, Some(key)) => image_of(key, &tokens),
            (None, None) => panic!("{client}: {seen}"),
        };
        assert_done(harness, &image).await;
    }
}
