#include "app/settings/config_file.hpp"
#include "app/settings/js_literal.hpp"
#include "app/settings/yaml.hpp"
#include "tests/unit/app/settings/environment.hpp"

#include <fmt/format.h>

#include <gmock/gmock.h>

namespace app {
namespace {

using rig::environment_of;
using rig::file_with;
using rig::variables;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// One text for any tree: {a: [x, null], b: y}
std::string shown(const config_value& value) {
    std::string inner;
    switch (value.is) {
    case config_value::kind::nothing:
        return "null";
    case config_value::kind::text:
        return value.text;
    case config_value::kind::list:
        for (const auto& each : value.list)
            inner += (inner.empty() ? "" : ", ") + shown(each);
        return "[" + inner + "]";
    case config_value::kind::map:
        for (const auto& [name, each] : value.map)
            inner += (inner.empty() ? "" : ", ") + name + ": " + shown(each);
    }
    return "{" + inner + "}";
}

std::string yaml(std::string_view content) {
    const auto parsed = parse_yaml(content);
    return parsed.mistake.empty() ? shown(parsed.value) : parsed.mistake;
}

std::string literal(std::string_view content) {
    const auto parsed = parse_js_literal(content);
    return parsed.mistake.empty() ? shown(parsed.value) : parsed.mistake;
}

TEST(parse_yaml, reads_one_document) {
    const struct {
        std::string_view content;
        std::string_view tree;
    } cases[] = {
        {"", "{}"},
        {"# nothing\n", "{}"},
        {"---\n", "{}"},
        {"a: 1\nb: 'x y'\nc: [1, two]\nd: {e: f}\n", "{a: 1, b: x y, c: [1, two], d: {e: f}}"},
        {"a: ~\nb: null\nc:\nd: ''\n", "{a: null, b: null, c: null, d: }"},
        {"{\"json\": true}", "{json: true}"},
        {"- a\n", "[a]"},
    };
    for (const auto& [content, tree] : cases)
        EXPECT_EQ(yaml(content), tree);
}

TEST(parse_yaml, says_where_it_cannot) {
    const struct {
        std::string_view content;
        std::string_view mistake;
    } cases[] = {
        {"a: &x [1]\nb: *x\n", "line 2: aliases"},  {"a: 1\na: 2\n", "line 2: the same name"},
        {"a: 1\n---\nb: 2\n", "a second document"}, {"a: [1\n", "line "},
        {"? [a]\n: b\n", "a name is expected"},     {"a: \"\\q\"\n", "line 1"},
    };
    for (const auto& [content, mistake] : cases)
        EXPECT_THAT(yaml(content), HasSubstr(mistake)) << content;
    EXPECT_THAT(yaml(std::string(40, '[') + std::string(40, ']')), HasSubstr("nested too deeply"));
}

TEST(parse_js_literal, reads_what_a_module_exports) {
    const struct {
        std::string_view content;
        std::string_view tree;
    } cases[] = {
        {"module.exports = {};", "{}"},
        {"export default [1, -2.5e3, true, false, null, undefined]", "[1, -2.5e3, true, false, null, null]"},
        {"{\"json\": {\"a\": []}}", "{json: {a: []}}"},
        {"'use strict';\n// one\n/* two */ module.exports =\n{ a: 'x', 'b-c': \"y\", $d: `z`, };;",
         "{a: x, b-c: y, $d: z}"},
        {R"({a: 'it\'s', b: "\x41\u0042\u{43}\uD83D\uDE00", c: 'a\
b'})",
         "{a: it's, b: ABC\xf0\x9f\x98\x80, c: ab}"},
    };
    for (const auto& [content, tree] : cases)
        EXPECT_EQ(literal(content), tree) << content;
}

TEST(parse_js_literal, runs_nothing) {
    for (const std::string_view content :
         {"module.exports = { client: process.env.CLIENT }", "const a = 1; module.exports = { a }",
          "module.exports = require('./other')", "module.exports = { a: 'x' + 'y' }",
          "module.exports = { a: `${b}` }", "module.exports = { ...a }", "module.exports = { a() {} }",
          "module.exports = { a: 1, a: 2 }", "module.exports = {", "{ a: 'x }", "{} {}", "", "/* ", "exports",
          "export {}", "{a: '\\u12'}", "{a: '\\u{110000}'}", "{a: '\\1'}", "{: 1}"})
        EXPECT_THAT(literal(content), HasSubstr("no JavaScript is run")) << content;
    EXPECT_THAT(literal("{\n\n  a: b\n}"), HasSubstr("line 3"));
    EXPECT_THAT(literal(std::string(40, '[') + std::string(40, ']')), HasSubstr("not a literal"));
}

config_texts said(std::string_view content, const variables& environment = {}) {
    const auto parsed = parse_yaml(content);
    EXPECT_EQ(parsed.mistake, "");
    return config_of(parsed.value, "'f.yaml'", environment_of(environment));
}

TEST(config_of, has_settings_under_their_names_in_lower_case) {
    const auto texts =
        said("archive_table: t\nserve_apis: [live, builds]\nprojections_path: [/a, /b]\n"
             "dry_run: true\nserve_token_file: /run/token\narchive_tier: ''\narchive_tags: ~\n");
    EXPECT_THAT(texts.mistakes, IsEmpty());
    variables values;
    for (const auto& [name, value] : texts.values)
        values[name] = value.text;
    EXPECT_EQ(values, (variables{{"ARCHIVE_TABLE", "t"},
                                 {"SERVE_APIS", "live,builds"},
                                 {"PROJECTIONS_PATH", "/a:/b"},
                                 {"DRY_RUN", "true"},
                                 {"SERVE_TOKEN_FILE", "/run/token"}}));
}

TEST(config_of, names_unknown_settings) {
    const struct {
        std::string_view content;
        std::string_view mistake;
    } cases[] = {
        {"archive_tabel: t",
         "'f.yaml', line 1: 'archive_tabel' is not a setting; did you mean 'archive_table'?"},
        {"DRY_RUN: true", "did you mean 'dry_run'?"},
        {"buildEventStream: {}", "did you mean 'buildsEventStream'?"},
        {"event_archiver_config: other.yaml", "is not a setting"},
        {"archive_table: {a: b}", "archive_table is one value"},
        {"event_retention_period: 1 year\narchive_retention_period: 2 years", "is set twice"},
        {"pluginDirectory: /plugins", "no JavaScript is run"},
        {"knex: {client: mysql}", "give pg"},
        {"knex: {clint: pg, connection: {}}", "did you mean 'client'?"},
        {"knex: {connection: {hots: x}}", "did you mean 'host'?"},
        {"knex: {test: {client: pg}}", "neither a connection nor an entry 'production'"},
        {"knex: {connection: {ssl: {ca: x}}}", "sslrootcert"},
        {"buildsEventStream: {plugin: Memory}", "not Kafka"},
        {"buildsEventStream: {config: {connectionString: 'localhost:2181/'}}", "ZooKeeper"},
        {"- a", "holds no names"},
    };
    for (const auto& [content, mistake] : cases)
        EXPECT_THAT(said(content).mistakes, ElementsAre(HasSubstr(mistake))) << content;
}

TEST(config_of, understands_what_probo_db_was_told) {
    const auto texts = said(R"(
host: localhost
port: 8442
serverName: probodb
version: '1.0.0'
pluginDirectory: null
knex:
  production:
    client: postgresql
    connection: {host: db, database: probo, user: "o'neil", password: 'x\y', ssl: {rejectUnauthorized: false}}
buildsEventStream:
  plugin: Kafka
  config: {group: proboDb, topic: build_events, version: 1, brokers: ['one:9092', 'two:9092']}
)");
    EXPECT_THAT(texts.mistakes, IsEmpty());
    variables values;
    for (const auto& [name, value] : texts.values)
        values[name] = value.text;
    EXPECT_EQ(values, (variables{{"SERVE_ADDRESS", "127.0.0.1"},
                                 {"SERVE_PORT", "8442"},
                                 {"PG_CONNECTION_STRING", "host='db' dbname='probo' user='o\\'neil' "
                                                          "password='x\\\\y' sslmode='require'"},
                                 {"KAFKA_GROUP_ID", "proboDb"},
                                 {"BUILDS_TOPIC", "build_events"},
                                 {"KAFKA_BROKER", "one:9092,two:9092"}}));
    EXPECT_EQ(said("knex: {connection: {database: d}}").values.at("PG_CONNECTION_STRING").text,
              "host='localhost' dbname='d'");
    EXPECT_EQ(
        said("knex: {connection: {database: d}}", {{"PGHOST", "h"}}).values.at("PG_CONNECTION_STRING").text,
        "dbname='d'");
    EXPECT_EQ(said("knex: {test: {connection: 'postgresql://h/t'}}", {{"NODE_ENV", "test"}})
                  .values.at("PG_CONNECTION_STRING")
                  .text,
              "postgresql://h/t");
}

TEST(collect, takes_the_environment_before_the_file_and_that_before_the_knexfile) {
    const auto yaml_path = file_with("knex: {connection: 'postgresql://yaml/d'}\njournal: /of/the/file\n");
    const auto knex_path = file_with("module.exports = { connection: 'postgresql://knex/d' }");
    const auto of = [](const variables& flags, const variables& environment) {
        return collect(flags, environment_of(environment));
    };
    const auto database = [&](const variables& flags, const variables& environment) {
        return of(flags, environment)["PG_CONNECTION_STRING"].text;
    };
    const variables both{{"--config", yaml_path}, {"--knexfile", knex_path}};
    EXPECT_EQ(database({{"--knexfile", knex_path}}, {}), "postgresql://knex/d");
    EXPECT_EQ(database(both, {}), "postgresql://yaml/d");
    EXPECT_EQ(database({}, {{"EVENT_ARCHIVER_CONFIG", yaml_path}}), "postgresql://yaml/d");
    EXPECT_EQ(database(both, {{"PG_CONNECTION_STRING", "postgresql://env/d"}}), "postgresql://env/d");
    EXPECT_EQ(database(both, {{"DB_URL", "jdbc:postgresql://env/d"}}), "") << "it counts instead";
    const auto journal = of(both, {{"KAFKA_BROKER", "b:9092"}})["JOURNAL"];
    EXPECT_EQ(journal.from, source::standard);
    EXPECT_EQ(of(both, {})["JOURNAL"].from, source::config);
}

} // namespace
} // namespace app
