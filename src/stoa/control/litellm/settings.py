"""Everything else that a configuration of LiteLLM may say: what Stoa needs no setting for, and what it does not have."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple

from stoa.control.litellm.account import Account, Outcome
from stoa.control.litellm.document import Path
from stoa.kit.names import did_you_mean


class Rule(NamedTuple):
    """What becomes of some keys."""

    outcome: Outcome
    note: str
    names: str
    """With spaces between."""


_DATABASE = Rule(
    "left",
    "Stoa has a database of its own: SQLite in its home, or PostgreSQL by its setting database.url. Keys, teams, users and "
    "spend of LiteLLM's are not moved; make them with stoa team create, stoa user create and stoa key create.",
    "database_url database_type database_connection_pool_limit database_connection_pool_timeout "
    "database_connection_timeout "
    "database_args supported_db_objects",
)
_KEYS = Rule(
    "left",
    "Keys of Stoa are made with stoa key create, each for one team, with --requests-per-minute and --expires; what a key may "
    "do is a policy, the same on every route.",
    "key_generation_settings default_key_generate_params upperbound_key_generate_params default_team_settings "
    "default_internal_user_params default_team_params internal_user_budget_duration max_internal_user_budget "
    "default_max_internal_user_budget custom_key_generate service_account_settings default_team_disabled "
    "enable_key_alias_format_validation litellm_key_header_name role_permissions enforced_params enforce_user_param "
    "admin_only_routes allowed_routes public_routes require_auth_for_metrics_endpoint",
)
_BUDGETS = Rule(
    "left",
    "A budget is a team's, in US dollars for a calendar month: stoa team create NAME --budget USD.",
    "max_budget budget_duration max_user_budget max_end_user_budget max_end_user_budget_id provider_budget_config "
    "spend_report_frequency disable_end_user_cost_tracking disable_end_user_cost_tracking_prometheus_only "
    "tag_budget_config",
)
_CALLBACKS = Rule(
    "left",
    "Stoa sends nothing to others. It records every request itself, without its content: see the page's Usage, /api/usage and "
    "/metrics for Prometheus.",
    "callbacks success_callback failure_callback service_callbacks audit_log_callbacks callback_settings "
    "langfuse_default_tags "
    "post_call_rules pre_call_rules input_callback prometheus_metrics_config prometheus_initialize_budget_metrics "
    "custom_prometheus_metadata_labels custom_prometheus_tags s3_callback_params datadog_params generic_logger_headers "
    "cost_discount_config cost_margin_config store_audit_logs",
)
_CACHE = Rule(
    "left",
    "Stoa keeps whole answers in its own memory, by what was asked, by whom and of which version of everything; see "
    "gateway.cache_bytes and redis.url of its settings, and cache of a Route.",
    "cache_params cache_responses cache_kwargs caching_groups caching client_ttl",
)
_REDIS = Rule(
    "unneeded",
    "Stoa's gateways share through Redis only where redis.url of the settings names one.",
    "redis_host redis_port redis_password redis_url redis_db redis_username redis_ssl redis_startup_nodes "
    "use_redis_transaction_buffer",
)
_CONTENT = Rule(
    "unneeded",
    "Stoa never keeps what was asked and answered in its logs and usage facts.",
    "turn_off_message_logging redact_user_api_key_info redact_messages_in_exceptions store_prompts_in_spend_logs "
    "global_disable_no_log_param disable_spend_logs disable_spend_updates disable_error_logs",
)
_LOGS = Rule(
    "unneeded",
    "See log_level of Stoa's settings.",
    "set_verbose json_logs debug_level suppress_debug_info log_raw_request_response",
)
_SIGN_IN = Rule(
    "left",
    "People are added with stoa user create and sign in with a link. There is no sign-in through another service.",
    "enable_jwt_auth litellm_jwtauth enable_oauth2_auth enable_oauth2_proxy_auth oauth2_config_mappings custom_sso custom_auth "
    "custom_ui_sso_sign_in_handler custom_auth_run_common_checks allow_user_auth ui_access_mode default_user_params",
)
_SECRET_STORES = Rule(
    "left",
    "Stoa asks no store of keys. Put the secrets into the environment of the one who applies; it keeps them encrypted.",
    "key_management_system key_management_settings use_google_kms use_azure_key_vault use_aws_secret_manager",
)
_CALLER_SAYS = Rule(
    "left",
    "In Stoa nobody who asks a model says where a request goes or with which key.",
    "allow_client_side_credentials configurable_clientside_auth_params forward_client_headers_to_llm_api "
    "forward_openai_org_id "
    "forward_llm_provider_auth_headers use_client_credentials_pass_through_routes infer_model_from_keys "
    "model_group_settings reject_clientside_metadata_tags",
)
_HEALTH = Rule(
    "left",
    "Targets that fail are left alone by themselves. A regular check is a provider's: health: {path: /models, every_s: 10}.",
    "background_health_checks health_check_interval health_check_details health_check_concurrency "
    "enable_health_check_routing health_check_staleness_threshold health_check_model health_check_timeout "
    "disable_background_health_check health_check_max_tokens health_check_voice",
)
_NEIGHBOURHOOD = Rule(
    "left",
    "Addresses and proxies are settings of Stoa: gateway.trusted_proxies, gateway.egress_allow, gateway.body_bytes.",
    "allowed_ips use_x_forwarded_for max_request_size_mb max_response_size_mb use_forwarded_headers trusted_proxy_ranges "
    "mcp_internal_ip_ranges ssl_verify ssl_certificate force_ipv4 aiohttp_trust_env",
)
_DEFAULTS = Rule(
    "left",
    "A request names its model; to have one for all that name none, set it in the application.",
    "completion_model embedding_model moderation_model image_generation_model default_deployment",
)
_ALARMS = Rule(
    "left",
    "Stoa sends no alarms. Let Prometheus watch /metrics.",
    "alerting alerting_threshold alerting_args alert_types alert_to_webhook_url alerting_config",
)
_OTHER = Rule(
    "left",
    "Stoa does not have this.",
    "pass_through_endpoints enable_mcp_registry user_mcp_management_mode mcp_aliases search_tools guardrail_list "
    "assistants_config default_in_memory_ttl prompt_directory global_prompt_directory custom_provider_map "
    "public_model_groups public_agent_groups link_public_model_groups default_priority polling_interval max_fallbacks "
    "content_policy_dict routing_groups model_group_retry_policy model_group_affinity_config allowed_fails_policy "
    "optional_pre_call_checks deployment_affinity_ttl_seconds router_general_settings weights tag_routing_prefix "
    "priority_reservation enable_pre_call_check enable_json_schema_validation enable_weighted_failover "
    "global_max_parallel_requests",
)
_INSIDE = Rule(
    "unneeded",
    "It is about how LiteLLM works inside.",
    "proxy_batch_write_at proxy_batch_polling_interval proxy_budget_rescheduler_min_time proxy_budget_rescheduler_max_time "
    "user_api_key_cache_ttl disable_master_key_return disable_adding_master_key_hash_to_db disable_reset_budget "
    "disable_prisma_schema_update disable_responses_id_security disable_retry_on_max_parallel_request_limit_error "
    "allow_requests_on_db_unavailable maximum_spend_logs_retention_period maximum_spend_logs_retention_interval "
    "maximum_spend_logs_cleanup_cron telemetry litellm_license enable_preview_features disable_hf_tokenizer_download "
    "disable_copilot_system_to_assistant disable_add_transform_inline_image_block "
    "use_chat_completions_url_for_anthropic_messages "
    "LITELLM_DISABLE_STOP_SEQUENCE_LIMIT disable_stop_sequence_limit ignore_invalid_deployments "
    "enable_loadbalancing_on_batch_endpoints "
    "always_include_stream_usage return_response_headers modify_params model_list_cache_ttl "
    "store_in_memory num_workers port host "
    "disable_token_counter reasoning_auto_summary",
)
_SHARED = (
    _DATABASE, _KEYS, _BUDGETS, _CALLBACKS, _CACHE, _REDIS, _CONTENT, _LOGS, _SIGN_IN, _SECRET_STORES, _CALLER_SAYS, _HEALTH,
    _NEIGHBOURHOOD, _DEFAULTS, _ALARMS, _OTHER, _INSIDE,
)  # fmt: skip

_ROUTER = (
    Rule(
        "unneeded",
        "There is nothing in it that could be carried.",
        "fallbacks context_window_fallbacks content_policy_fallbacks default_fallbacks model_group_alias "
        "model_alias_map retry_policy "
        "additional_drop_params",
    ),
    Rule("unneeded", "It is what Stoa does anyway.", "disable_cooldowns enable_tag_filtering num_retries"),
    Rule(
        "changed",
        "Stoa does not count before it asks: what is too long for a model is refused by its provider, and goes to the "
        "route's fallbacks for context_window.",
        "enable_pre_call_checks",
    ),
    Rule("left", "A route takes targets that have one of a request's tags, not all of them.", "tag_filtering_match_any"),
    Rule("left", "Strategies have no arguments.", "routing_strategy_args"),
    Rule(
        "left",
        "Stoa adds no fields to requests. Let applications send them.",
        "default_litellm_params",
    ),
)
_GENERAL = (
    Rule(
        "left",
        "It is never carried: in Stoa no key both manages and asks models. Make one of each: stoa key create NAME, and "
        "stoa key create NAME --kind management --role operator.",
        "master_key",
    ),
)
_STORED = Rule(
    "left",
    "Models that were added on LiteLLM's page are in its database and not in this file. Write them into model_list and import "
    "again: GET /model/info lists them.",
    "store_model_in_db",
)
_LITELLM = (
    Rule(
        "left",
        "A field that a model's provider cannot take is refused by name, not dropped in silence. To leave one out, name it in "
        "drop_fields of the model.",
        "drop_params",
    ),
)
_SECTIONS: Mapping[str, tuple[Rule, ...]] = {
    "router_settings": (*_ROUTER, *_SHARED),
    "litellm_settings": (*_LITELLM, *_ROUTER, *_SHARED),
    "general_settings": (*_GENERAL, _STORED, *_SHARED),
}

_TOP = (
    _CALLBACKS,
    Rule("left", "Stoa has no guardrails yet.", "guardrails policies policy_attachments"),
    Rule("left", "Stoa calls no tools by itself.", "mcp_servers mcp_tools mcp_registry search_tools agent_list agents"),
    Rule(
        "left",
        "Documents are ingested with stoa ingest, and asked through an assistant.",
        "vector_store_registry vector_stores assistant_settings",
    ),
    Rule("left", "A prompt is part of an assistant: kind Assistant, field prompt.", "prompts"),
    Rule("left", "Files and batches are kept and run by Stoa itself, for every provider.", "files_settings batch_settings"),
    Rule("left", "Stoa does not have this.", "finetune_settings skills video_settings health_check_settings"),
)

_PARAMS = (
    Rule(
        "left",
        "Stoa adds no fields to requests. Let applications send them.",
        "temperature top_p top_k max_tokens max_completion_tokens n stop presence_penalty frequency_penalty seed "
        "logit_bias user response_format tools tool_choice functions reasoning_effort thinking extra_body metadata "
        "stream stream_options service_tier dimensions encoding_format input_type verbosity modalities logprobs "
        "top_logprobs safety_settings guardrailConfig parallel_tool_calls web_search_options "
        "cache_control_injection_points modify_params instructions",
    ),
    Rule("left", "It is not of the form that it has in LiteLLM.", "headers extra_headers additional_drop_params base_model"),
    Rule("unneeded", "Retries are the route's: see num_retries.", "max_retries"),
    Rule(
        "unneeded",
        "It says where another kind of provider is, or who asks it.",
        "api_base base_url api_key api_version region_name aws_* vertex_* azure_* watsonx_* tenant_id client_id client_secret "
        "organization project_id space_id",
    ),
    Rule("left", "Retries are the same for a whole route; see retries of a Route.", "num_retries"),
    Rule("left", "It only labelled spend, as enable_tag_filtering is off.", "tags"),
    Rule("left", "A breaker is the same for a whole route.", "cooldown_time"),
    Rule("left", "Stoa calls models, it does not play them.", "mock_response mock_tool_calls mock_timeout mock_delay"),
    Rule("left", "Stoa passes on to the model what the type of its provider knows.", "use_litellm_proxy use_in_pass_through"),
    Rule(
        "left",
        "Stoa's complexity strategy is a Route with strategy: complexity and targets from small to large.",
        "auto_router_config_path auto_router_config auto_router_default_model auto_router_embedding_model "
        "complexity_router_config complexity_router_default_model adaptive_router_config quality_router_config",
    ),
    Rule("left", "A price has two parts, for a million tokens of input and of output.", "*cost*"),
    *_SHARED,
    *_LITELLM,
)
_INFO = (
    Rule("unneeded", "Stoa asks no list of abilities: what a model cannot do, its provider refuses.", "supports_* supported_*"),
    Rule(
        "unneeded",
        "It tells nothing that Stoa needs.",
        "id db_model created_at created_by updated_at updated_by tier key litellm_provider metadata",
    ),
    Rule("left", "A price has two parts, for a million tokens of input and of output.", "*cost*"),
    Rule(
        "left",
        "Who may use a model is its field teams, once the teams are made.",
        "access_groups team_id team_public_model_name",
    ),
    _HEALTH,
)
_MEANT_OFF = ("ssl_verify", "health_check_details", "discoverable")
"""What says something by being false."""
_RULES: Mapping[str, tuple[Rule, ...]] = {"litellm_params": _PARAMS, "model_info": _INFO}


def settle_rest(account: Account, path: Path, value: object) -> None:
    """Say what becomes of a value that nobody else took."""
    if value is None or value == {} or value == []:
        account.unneeded(path, "There is nothing in it.")
        return
    rules, name = _rules(path)
    for rule in rules:
        if any(fnmatchcase(name, pattern) for pattern in rule.names.split()):
            off = value is False and name not in _MEANT_OFF
            account.settle(path, *(("unneeded", "It is off.") if off else (rule.outcome, rule.note)))
            return
    known = [each for rule in rules for each in rule.names.split() if "*" not in each]
    account.left(path, f"Stoa does not know this setting.{did_you_mean(name, known)}")


def is_section(path: Path) -> bool:
    """Whether each key in it is spoken for on its own."""
    if path[0] == "model_list":
        return len(path) < 3 or (len(path) == 3 and path[2] in _RULES)
    return len(path) == 1 and (path[0] in _SECTIONS or path[0] in ("credential_list", "environment_variables"))


def _rules(path: Path) -> tuple[tuple[Rule, ...], str]:
    """The rules for what stands there, and the name they go by."""
    section = path[0]
    if section == "model_list" and len(path) > 2:
        part = str(path[2])
        return (_RULES.get(part, ()), str(path[3])) if len(path) > 3 else (_PARAMS, part)
    if isinstance(section, str) and section in _SECTIONS and len(path) > 1:
        return _SECTIONS[section], str(path[1])
    return _TOP, str(section)
