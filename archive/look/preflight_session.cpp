// The session's own properties.
// Tested by tests/integration/test_check.py.

#include "archive/look/preflight.hpp"

#include <fmt/format.h>

namespace archive {

using async::failure;

namespace {

check_line judge_role(const session_facts& facts) {
    if (facts.superuser)
        return {
            "role", check_status::warning,
            fmt::format("{} is a superuser: triggers of the table, and a task's SQL, run with all its rights",
                        facts.role),
            "Give the run a role of its own with SELECT and DELETE on the table: docs/security.md."};
    if (!facts.writable.empty())
        return {
            "role", check_status::warning,
            fmt::format("{} may create objects in {}, which a run does not need", facts.role, facts.writable),
            fmt::format("REVOKE CREATE ON SCHEMA {} FROM {}; keep it for `restore --into` a new table.",
                        facts.writable, facts.role)};
    return {"role", check_status::ok,
            fmt::format("{} is not a superuser and may not create objects", facts.role)};
}

check_line judge_path(const session_facts& facts) {
    if (facts.others_may_write.empty())
        return {"search path", check_status::ok, "no other role may create objects on it"};
    return {
        "search path", check_status::warning,
        fmt::format(
            "other roles may create objects in {}: a task's own SQL, and functions of triggers that set no"
            " path of their own, may call them as {}",
            facts.others_may_write, facts.role),
        fmt::format("REVOKE CREATE ON SCHEMA {} FROM PUBLIC;", facts.others_may_write)};
}

check_line judge_identity(const session_facts& facts) {
    if (facts.identity_visible)
        return {"identity", check_status::ok, "the server tells which cluster it is"};
    return {"identity", check_status::failed,
            "this role may not call pg_control_system(), which tells this server from its copies",
            fmt::format("GRANT EXECUTE ON FUNCTION pg_catalog.pg_control_system() TO {};", facts.role),
            failure::refused};
}

check_line judge_encoding(const session_facts& facts) {
    if (facts.encoding != "SQL_ASCII")
        return {"encoding", check_status::ok, facts.encoding};
    return {"encoding", check_status::warning,
            "SQL_ASCII: the server does not check texts, and a row that is not UTF-8 stops a run with "
            "exit code 3",
            "Look for such rows beforehand, or move the data into a database of encoding UTF8."};
}

} // namespace

std::vector<check_line> judge_session(const session_facts& facts) {
    return {judge_role(facts), judge_path(facts), judge_identity(facts), judge_encoding(facts)};
}

// All names are qualified: the search_path here is the role's own, which is what this query examines.
awaitable<void> check_session(db::connection& session, std::vector<check_line>& lines) {
    const auto seen = co_await session.query(
        "SELECT pg_catalog.quote_ident(r.rolname::pg_catalog.text), r.rolsuper,"
        " pg_catalog.has_function_privilege('pg_catalog.pg_control_system()'::pg_catalog.text,"
        " 'EXECUTE'::pg_catalog.text), pg_catalog.current_setting('server_encoding'::pg_catalog.text),"
        " (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(n.nspname::pg_catalog.text), ', "
        "'::pg_catalog.text)"
        "  FROM pg_catalog.pg_namespace n WHERE n.nspname OPERATOR(pg_catalog.=) ANY"
        "  (pg_catalog.current_schemas(false)) AND"
        "  pg_catalog.has_schema_privilege(n.oid, 'CREATE'::pg_catalog.text)),"
        " (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(n.nspname::pg_catalog.text), ', "
        "'::pg_catalog.text)"
        "  FROM pg_catalog.pg_namespace n WHERE n.nspname OPERATOR(pg_catalog.=) ANY"
        "  (pg_catalog.current_schemas(false)) AND EXISTS (SELECT FROM pg_catalog.aclexplode(n.nspacl) a"
        "  LEFT JOIN pg_catalog.pg_roles g ON g.oid OPERATOR(pg_catalog.=) a.grantee"
        "  WHERE a.privilege_type OPERATOR(pg_catalog.=) 'CREATE'::pg_catalog.text"
        "  AND a.grantee OPERATOR(pg_catalog.<>) n.nspowner AND a.grantee OPERATOR(pg_catalog.<>) r.oid"
        "  AND g.rolsuper IS NOT TRUE))"
        " FROM pg_catalog.pg_roles r WHERE r.rolname OPERATOR(pg_catalog.=) current_user");
    session_facts facts;
    facts.role = seen.text(0, 0);
    facts.superuser = seen.boolean(0, 1);
    facts.identity_visible = seen.boolean(0, 2);
    facts.encoding = seen.text(0, 3);
    facts.writable = seen.text(0, 4);
    facts.others_may_write = seen.text(0, 5);
    for (auto& line : judge_session(facts))
        lines.push_back(std::move(line));
}

} // namespace archive
