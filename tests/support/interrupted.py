"""A press that comes while a run is at work: Streamlit ends the run at its next step."""

from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx


def pressed_after(call):
    """Return `call`, during whose work something else on the page is pressed."""

    def interrupted(*args, **options):
        made = call(*args, **options)
        run = get_script_run_ctx()
        again = RerunData(query_string=run.query_string, page_script_hash=run.page_script_hash)
        run.script_requests.request_rerun(again)
        return made

    return interrupted
