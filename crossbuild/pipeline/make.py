"""The order in which an SDK becomes a wheelhouse; this order stands nowhere else."""

from functools import partial

from crossbuild.pipeline import origins, plan
from crossbuild.pipeline.plan import Planned
from crossbuild.pipeline.request import BuildRequest
from crossbuild.pipeline.run import Made, Run
from crossbuild.pipeline.stages import preparation, production, publication
from crossbuild.progress import workers
from crossbuild.progress.console import Console


def make_wheels(request: BuildRequest, console: Console) -> list[Made]:
    """Build what is missing, and fill the wheelhouse.

    :raises CrossbuildError: whatever keeps a wheel from being made or from fitting
    """
    request = preparation.locate_sdk(request, console)
    target = preparation.open_target(request, console)
    request = preparation.apply_markers(request, target, console)
    request = preparation.read_projects(request, target, console)
    request = preparation.resolve_application(request, target, console)
    packages = preparation.choose_packages(request, target)
    target = preparation.bring_along(request, target, packages, console)
    run = preparation.plan_run(request, target, packages)
    run = preparation.require_ready(run, console)

    def make_wheel(planned: Planned, run: Run, console: Console) -> None:
        """One wheel; in a process of its own where several are made side by side."""
        with production.turn(planned, run, console) as turn:
            # Another run may have made it while this one waited.
            if run.store.pair(planned.build_key, planned.key) is None:
                built = run.store.built(planned.build_key)
                if built is None:
                    downloads = production.download(turn)
                    job = production.cross_environment(downloads, turn)
                    built = production.build(job, turn)
                repaired = production.repair(built, turn)
                repaired = production.audit(repaired, built, turn)
                production.keep(repaired, turn)
        # At once: what is built beside it may fail.
        publication.publish(planned, run)

    console.plan([run.name_of(planned) for planned in run.missing])
    made = publication.adopt(run)
    origins.record_adopted(made, run)
    for batch in plan.batches(run.planned):
        missing = [planned for planned in batch if planned in run.missing]
        with production.sharing_compilers(missing, run) as shared:
            pieces = {one.package.name: partial(make_wheel, one, shared) for one in missing}
            workers.run(pieces, console, min(len(pieces), run.capacity.jobs))
        published = [publication.publish(planned, run) for planned in batch]
        origins.record(batch, published, run)
        made += published
    along = publication.required_along(made, run, console)
    if along:
        made += make_wheels(along, console)
    publication.require_installable(made, run)
    run.store.digests.save()
    return made
