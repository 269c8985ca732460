//! Least privilege both ways: no grant can be taken away, and none is there that nothing uses.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::bench::{Bench, Verdict};
use super::denials;
use super::proofs::{self, Proof};
use super::statements::{Grant, Policy, policies};
use super::table::{Held, held, idle_rows};
use crate::harness::{Harness, root};

fn all_proofs() -> impl Iterator<Item = &'static Proof> {
    proofs::PROOFS.iter().chain(denials::PROOFS)
}

fn proof(name: &str) -> &'static Proof {
    all_proofs().find(|proof| proof.name == name).unwrap_or_else(|| panic!("{name} is no proof"))
}

fn grants(policies: &[Policy]) -> Vec<Grant> {
    policies.iter().flat_map(Policy::grants).collect()
}

/// The statements with their proofs, as a Markdown table.
fn markdown(grants: &[Grant]) -> String {
    let mut rows: Vec<(String, Vec<String>, Vec<&str>)> = Vec::new();
    for grant in grants {
        let statement = format!("{}.{}", grant.owner, grant.sid);
        let by = match held(grant) {
            Some(Held::By(proof)) => proof,
            Some(Held::OwnerRequired) => "none: the deployment guide asks for it",
            None => "none",
        };
        if rows.last().is_none_or(|row| row.0 != statement) {
            rows.push((statement, Vec::new(), Vec::new()));
        }
        let row = rows.last_mut().unwrap();
        if !grant.action.is_empty() && !row.1.contains(&grant.action) {
            row.1.push(grant.action.clone());
        }
        if !row.2.contains(&by) {
            row.2.push(by);
        }
    }
    let mut table = "| statement | actions | proof |\n|---|---|---|\n".to_owned();
    for (statement, actions, proofs) in rows {
        let code =
            |names: Vec<String>| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let proofs = proofs.iter().map(|name| {
            let is_name = !name.contains(' ');
            if is_name { format!("`{name}`") } else { (*name).to_owned() }
        });
        let (actions, proofs) = (code(actions), proofs.collect::<Vec<_>>().join(", "));
        writeln!(table, "| {statement} | {actions} | {proofs} |").unwrap();
    }
    table
}

#[tokio::test]
async fn every_statement_has_a_proof_and_the_page_shows_which() {
    let (harness, _alone) = Harness::calm().await;
    let grants = grants(&policies(harness).await);
    let bare: Vec<_> = grants.iter().filter(|grant| held(grant).is_none()).map(ToString::to_string).collect();
    assert!(
        bare.is_empty(),
        "give these a row in privilege/table.rs, or take them out of the template: {bare:#?}"
    );
    assert!(idle_rows(&grants).is_empty(), "no statement has these rows: {:#?}", idle_rows(&grants));
    for grant in &grants {
        match held(grant) {
            Some(Held::By(name)) => drop(proof(name)),
            Some(Held::OwnerRequired) => assert!(!grant.is_marked_used(), "{grant} is used"),
            None => {}
        }
    }
    let path = page_path();
    let page = fs::read_to_string(&path).unwrap_or_default();
    let table = markdown(&grants);
    if page.contains(&table) {
        return;
    }
    assert!(std::env::var_os("UPDATE").is_some(), "run this test with UPDATE=1 to write {}", path.display());
    let (head, rest) = page.split_once("| statement |").expect("the page should have the table");
    let (_, tail) = rest.split_once("\n\n").unwrap_or_default();
    fs::write(path, format!("{head}{table}\n{tail}")).unwrap();
}

fn page_path() -> PathBuf {
    root().join("docs/privileges.md")
}

#[test]
fn every_test_that_the_page_names_exists() {
    let page = fs::read_to_string(page_path()).unwrap();
    let names = page.split('`').skip(1).step_by(2).filter(|code| code.matches('_').count() > 2);
    let sources = sources(&root().join("ops/local/tests"));
    let missing: Vec<_> = names
        .filter(|name| !sources.contains(&format!("fn {name}(")) && !sources.contains(&format!("{name} =>")))
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

/// The text of all tests below a directory.
fn sources(directory: &Path) -> String {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let text = |path: PathBuf| match path.extension() {
        None => sources(&path),
        Some(extension) if extension == "rs" => fs::read_to_string(path).unwrap(),
        Some(_) => String::new(),
    };
    entries.map(text).collect()
}

/// Runs the proofs on the stack as the template states it.
async fn assert_all_hold(bench: &Bench, when: &str) {
    let mut red = Vec::new();
    for proof in all_proofs() {
        if let Err(seen) = (proof.run)(bench).await {
            red.push(format!("{}: {seen}", proof.name));
        }
    }
    assert!(red.is_empty(), "{when}: {red:#?}");
}

/// Runs a proof on the stack without a grant: red is that it fails because this very action is refused.
async fn without(bench: &Bench, policy: &Policy, grant: &Grant, proof: &Proof) -> Verdict {
    policy.put_without(bench.aws(), grant).await;
    let since = bench.decisions.mark();
    let verdict = (proof.run)(bench).await;
    policy.put(bench.aws()).await;
    bench.purge().await;
    let is_its_own = grant.action.is_empty() || bench.decisions.has_refused(since, &grant.action);
    if is_its_own { verdict } else { Ok(()) }
}

/// The first line of what was seen, as far as a table shows it.
fn short(seen: &str) -> String {
    seen.lines().next().unwrap_or_default().chars().take(160).collect()
}

#[tokio::test]
#[ignore = "takes minutes: .ci/nightly runs it"]
#[expect(clippy::print_stdout, reason = "the table is what the run of CI shows of it")]
async fn no_grant_can_be_taken_away_without_turning_its_proof_red() {
    let bench = Bench::new().await;
    let policies = policies(bench.harness).await;
    assert_all_hold(&bench, "before").await;
    let (mut green, mut count, mut marked) = (Vec::new(), 0, 0);
    println!("grant · proof · end");
    for (policy, grant) in
        policies.iter().flat_map(|policy| policy.grants().into_iter().map(move |it| (policy, it)))
    {
        let Some(Held::By(name)) = held(&grant) else { continue };
        let verdict = without(&bench, policy, &grant, proof(name)).await;
        let end =
            verdict.as_ref().map_or_else(|seen| format!("red: {}", short(seen)), |()| "GREEN".to_owned());
        println!("{grant} · {name} · {end}");
        count += 1;
        marked += usize::from(grant.is_marked_used());
        green.extend(verdict.is_ok().then_some(grant));
    }
    let marked_and_green = green.iter().filter(|grant| grant.is_marked_used()).count();
    println!(
        "marked Used: {} of {marked} turn their proof red when they are taken away",
        marked - marked_and_green
    );
    println!("all: {} of {count}", count - green.len());
    assert_all_hold(&bench, "after").await;
    let green: Vec<_> = green.iter().map(ToString::to_string).collect();
    assert!(green.is_empty(), "nothing needs these: {green:#?}");
}

#[tokio::test]
#[ignore = "takes minutes: .ci/nightly runs it"]
#[expect(clippy::print_stdout, reason = "the figures are what the run of CI shows of it")]
async fn no_grant_is_there_that_no_proof_uses() {
    let bench = Bench::new().await;
    assert_all_hold(&bench, "on the stack as it is").await;
    let grants = grants(&policies(bench.harness).await);
    let decisions = bench.decisions.all();
    let recorded = grants.iter().filter(|grant| grant.is_recorded());
    let (asked_for, used): (Vec<_>, Vec<_>) =
        recorded.partition(|grant| held(grant) == Some(Held::OwnerRequired));
    let idle: Vec<_> = used
        .iter()
        .filter(|grant| !decisions.iter().any(|decision| grant.decided(decision)))
        .map(ToString::to_string)
        .collect();
    println!("{} of {} grants were used", used.len() - idle.len(), used.len());
    for grant in asked_for {
        println!("{grant} · the deployment guide asks for it");
    }
    assert!(idle.is_empty(), "granted and never used: {idle:#?}");
}
