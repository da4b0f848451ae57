//! `stoa:plans/plans`: what the request's tenant pays for.

use stoa_kernel::plans::{self, PLAN_CHANGED, PlanChange};
use stoa_kernel::store::StoreError;

use super::host_events;
use crate::bindings::stoa::plans::plans::{Error, Host, Plan};
use crate::grants::Capability;
use crate::revision::Revision;
use crate::scope::Scope;
use crate::state::State;

/// Changes of a tenant's plan happen in their order.
const KEY: &str = "plan";

impl Host for State {
    async fn list(&mut self) -> wasmtime::Result<Vec<Plan>> {
        let scope = self.charge(Capability::Plans, 0)?;
        let plans: Vec<Plan> = scope
            .ports
            .people
            .plans
            .list()
            .into_iter()
            .map(wire)
            .collect();
        self.charge_bytes(plans.iter().map(bytes).sum())?;
        Ok(plans)
    }

    async fn current(&mut self) -> wasmtime::Result<Result<Plan, Error>> {
        let scope = self.charge(Capability::Plans, 0)?;
        // What the plan is changes with nothing that this run's answer is remembered by.
        scope.outside.open();
        let current = scope
            .ports
            .people
            .plans
            .current(&scope.request.tenant)
            .await;
        let current = match current {
            Ok(plan) => wire(plan),
            Err(error) => return Ok(Err(unavailable(error))),
        };
        self.charge_bytes(bytes(&current))?;
        Ok(Ok(current))
    }

    async fn change(&mut self, id: String) -> wasmtime::Result<Result<(), Error>> {
        let scope = self.charge(Capability::Plans, id.len())?;
        Ok(change(&self.revision, &scope, id).await)
    }
}

async fn change(revision: &Revision, scope: &Scope, plan: String) -> Result<(), Error> {
    let plans = &scope.ports.people.plans;
    if !plans.list().iter().any(|known| known.id == plan) {
        return Err(Error::NotFound);
    }
    scope.outside.open();
    let is_bound = plans.is_bound(&scope.request.tenant).await;
    if !is_bound.map_err(unavailable)? {
        return Err(Error::Unavailable("this tenant pays for no plan".into()));
    }
    host_events::raise(revision, scope, PLAN_CHANGED, KEY, &PlanChange { plan })
        .map_err(unavailable)
}

fn wire(plan: plans::Plan) -> Plan {
    Plan {
        id: plan.id,
        name: plan.name,
        limits: plan.limits,
    }
}

fn bytes(plan: &Plan) -> usize {
    let limits = plan.limits.iter().map(|(name, _)| name.len() + 16);
    plan.id.len() + plan.name.len() + limits.sum::<usize>()
}

fn unavailable(error: StoreError) -> Error {
    tracing::warn!(%error, "a tenant's plan can't be read or changed");
    Error::Unavailable("the plan can't be read or changed right now".into())
}
