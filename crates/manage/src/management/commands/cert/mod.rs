//! `cert`: the local authority, its certificates and who trusts them. One file for each of its commands.

mod desk;
mod password;

mod caroot;
mod create;
mod env;
mod export;
mod import;
mod show;

mod list;
mod renew;
mod trust;

mod doctor;
mod install;
mod rotate;
mod uninstall;

pub(crate) mod mkcert;

use clap::{Args, Subcommand};

use crate::management::{BaseCommand, CommandResult, Group, Manage, Output};

/// Make certificates for development that browsers trust
///
/// A local authority is made once (`manage cert install` puts it where browsers and programs look for it) and signs
/// certificates for your own names (`manage cert create`). It lives in the folder that `manage cert caroot` prints.
#[derive(Debug, Args)]
#[command(subcommand_value_name = "COMMAND", subcommand_help_heading = "Commands", after_help = FIRST_STEPS)]
pub(crate) struct Cert {
    #[command(subcommand)]
    command: CertCommand,
}

const FIRST_STEPS: &str = "\
First steps:
  manage cert install            the authority, trusted wherever a store is found
  manage cert create app.test    app.test.pem and app.test-key.pem, for your server
  manage cert doctor             does every client on this machine trust it?";

#[derive(Debug, Subcommand)]
enum CertCommand {
    Install(install::Install),
    Uninstall(uninstall::Uninstall),
    Create(create::Create),
    List(list::List),
    Show(show::Show),
    Renew(renew::Renew),
    Caroot(caroot::Caroot),
    Import(import::Import),
    Rotate(rotate::Rotate),
    Export(export::Export),
    Env(env::Env),
    Doctor(doctor::Doctor),
}

impl BaseCommand for Cert {
    const NAME: &'static str = "cert";
    const GROUP: Group = Group::Certificates;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        match &self.command {
            CertCommand::Install(command) => command.handle(manage, out),
            CertCommand::Uninstall(command) => command.handle(manage, out),
            CertCommand::Create(command) => command.handle(manage, out),
            CertCommand::List(command) => command.handle(manage, out),
            CertCommand::Show(command) => command.handle(manage, out),
            CertCommand::Renew(command) => command.handle(manage, out),
            CertCommand::Caroot(command) => command.handle(manage, out),
            CertCommand::Import(command) => command.handle(manage, out),
            CertCommand::Rotate(command) => command.handle(manage, out),
            CertCommand::Export(command) => command.handle(manage, out),
            CertCommand::Env(command) => command.handle(manage, out),
            CertCommand::Doctor(command) => command.handle(manage, out),
        }
    }
}
