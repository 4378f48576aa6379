//! `passback completion`

use std::io::{self, Write};

use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::{Shell, generate};

use crate::cli::Cli;
use crate::exit::{Exit, Failure};

/// For which shell.
#[derive(Debug, Args)]
#[command(after_help = "\
bash: passback completion bash > ~/.local/share/bash-completion/completions/passback
zsh:  passback completion zsh > a file _passback in a folder of $fpath
fish: passback completion fish > ~/.config/fish/completions/passback.fish")]
pub(crate) struct CompletionArgs {
    /// The shell.
    #[arg(value_enum)]
    shell: CompletedShell,
}

/// A shell that can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CompletedShell {
    /// GNU Bash.
    Bash,
    /// The Z shell.
    Zsh,
    /// The friendly shell.
    Fish,
}

/// Prints the script that completes commands and flags.
pub(crate) fn run(args: &CompletionArgs) -> Result<Exit, Failure> {
    let script = script(args.shell);
    io::stdout()
        .lock()
        .write_all(&script)
        .map_err(|error| Failure::output(&error))?;
    Ok(Exit::Done)
}

fn script(shell: CompletedShell) -> Vec<u8> {
    let shell = match shell {
        CompletedShell::Bash => Shell::Bash,
        CompletedShell::Zsh => Shell::Zsh,
        CompletedShell::Fish => Shell::Fish,
    };
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), "passback", &mut script);
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_gets_a_script_that_knows_the_commands() {
        for shell in CompletedShell::value_variants() {
            let script = String::from_utf8(script(*shell)).unwrap();
            assert!(
                script.contains("worker-list") && script.contains("redrive"),
                "{shell:?}"
            );
        }
    }
}
