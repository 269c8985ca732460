//! `ops completions`: what makes a shell complete commands and options.

use clap::Args;
use clap_complete::Shell;

#[derive(Args, Debug)]
#[command(after_help = "\
Completes the program `ops`: `cargo install --path ops/cli` puts it in ~/.cargo/bin.

Examples:
  ops completions bash > ~/.local/share/bash-completion/completions/ops
  ops completions zsh > ~/.zfunc/_ops            # with fpath+=~/.zfunc before compinit in ~/.zshrc
  ops completions fish > ~/.config/fish/completions/ops.fish")]
pub(crate) struct CompletionsArgs {
    /// The shell.
    #[arg(value_name = "SHELL")]
    pub(crate) shell: Shell,
}
