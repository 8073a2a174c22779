"""Facts of operations that neither the SDK nor OpenAI's description has in a form that a program can read."""

DOES: dict[str, tuple[str, str]] = {
    # A video that is made of another one is one more video.
    "POST /videos/edits": ("create", "/videos"),
    "POST /videos/extensions": ("create", "/videos"),
    "POST /videos/{video_id}/remix": ("create", "/videos"),
    "POST /videos/characters": ("create", "/videos/characters"),
    "POST /live/sessions": ("create", "/live/sessions"),
    "POST /live/sessions/{session_id}/fork": ("create", "/live/sessions"),
    "POST /live/sessions/{session_id}/accept": ("act", "/live/sessions"),
    "POST /live/sessions/{session_id}/hangup": ("act", "/live/sessions"),
    "POST /live/sessions/{session_id}/refer": ("act", "/live/sessions"),
    "POST /live/sessions/{session_id}/reject": ("act", "/live/sessions"),
    "POST /chatkit/sessions": ("create", "/chatkit/sessions"),
    "POST /chatkit/sessions/{session_id}/cancel": ("act", "/chatkit/sessions"),
    "POST /evals/{eval_id}/runs/{run_id}/cancel": ("act", "/evals/{eval_id}/runs"),
    "POST /webhook_endpoints/{webhook_endpoint_id}/rotate_secret": ("act", "/webhook_endpoints"),
    "POST /agents/sessions/{session_id}/events": ("call", "/agents/sessions/{session_id}/events"),
    # These answer with several members of the organization's collection.
    "POST /organization/certificates/activate": ("pick", "/organization/certificates"),
    "POST /organization/certificates/deactivate": ("pick", "/organization/certificates"),
    "POST /organization/projects/{project_id}/certificates/activate": (
        "pick",
        "/organization/projects/{project_id}/certificates",
    ),
    "POST /organization/projects/{project_id}/certificates/deactivate": (
        "pick",
        "/organization/projects/{project_id}/certificates",
    ),
}
"""By method and path: the work of an operation, and the path of its collection, where its path does not say."""

PREFIXES: dict[str, str] = {
    "/agents": "agent_",
    "/agents/automations": "auto_",
    "/agents/automations/{automation_id}/invocations": "autoinv_",
    "/agents/environments": "env_",
    "/agents/environments/templates": "envtmpl_",
    "/agents/environments/{environment_id}/files": "file-",
    "/agents/sessions": "asess_",
    "/audio/voice_consents": "cons_",
    "/audio/voices": "voice_",
    "/chatkit/sessions": "cksess_",
    "/decisions": "dec_",
    "/fine_tuning/jobs/{fine_tuning_job_id}/events": "ftevent-",
    "/live/sessions": "live_",
    "/organization/external_keys": "ekey_",
    "/organization/external_storage": "estore_",
    "/organization/workload_identity_providers": "wip_",
    "/organization/workload_identity_providers/{workload_identity_provider_id}/federation_rules": "wifr_",
    "/skills": "skill_",
    "/skills/{skill_id}/versions": "skillver_",
    "/vaults": "vault_",
    "/vaults/{vault_id}/credentials": "vcred_",
    "/videos/characters": "char_",
    "/webhook_endpoints": "whe_",
}
"""By path of a collection: the beginning of its ids, where OpenAI's examples do not show it."""
