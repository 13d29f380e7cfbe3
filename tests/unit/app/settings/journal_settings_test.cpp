#include "app/settings/configuration.hpp"
#include "app/settings/journal_settings.hpp"
#include "tests/unit/app/settings/environment.hpp"

#include <cstdio>
#include <fstream>
#include <gmock/gmock.h>
#include <utility>

namespace app {
namespace {

using namespace std::chrono_literals;
using rig::environment_of;
using rig::variables;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

checked_configuration serving(variables environment) {
    environment.emplace("SERVE_APIS", "events");
    const auto lookup = environment_of(environment);
    return check(collect({}, lookup), lookup, purpose::serving);
}

TEST(journal_settings, keep_events_in_a_directory_by_default) {
    const auto checked = serving({});
    EXPECT_THAT(checked.mistakes, IsEmpty());
    const auto& journal = checked.value.journal;
    EXPECT_EQ(journal.directory, "/var/lib/event-archiver/journal");
    EXPECT_FALSE(journal.in_kafka());
    EXPECT_EQ(journal.sync_every, 0ms);
    EXPECT_EQ(journal.retention, 168h);
    EXPECT_EQ(journal.bytes_max, 0U);
    EXPECT_EQ(journal.memory_bytes, 16U << 20U);
    EXPECT_EQ(journal.publish_topic, "timestamp.command.v1");
    EXPECT_EQ(checked.value.projections.choice, projection_choice::of_the_apis);
}

TEST(journal_settings, read_what_they_are_given) {
    const auto checked = serving({{"JOURNAL", "/j"},
                                  {"KAFKA_BROKER", "kafka:9092"}, // if JOURNAL is not set
                                  {"JOURNAL_SYNC", "100ms"},
                                  {"JOURNAL_RETENTION", "2w"},
                                  {"JOURNAL_MAX_BYTES", "1GiB"},
                                  {"JOURNAL_UNREAD_TOPICS", "audit,clicks.v1"},
                                  {"JOURNAL_MEMORY", "1MiB"},
                                  {"PROJECT", "revenue,own"},
                                  {"PG_CONNECTION_STRING", "host=db"},
                                  {"PROJECTIONS_PATH", "/a:/b"}});
    EXPECT_THAT(checked.mistakes, IsEmpty());
    const auto& journal = checked.value.journal;
    EXPECT_EQ(journal.directory, "/j");
    EXPECT_EQ(journal.sync_every, 100ms);
    EXPECT_EQ(journal.retention, 336h);
    EXPECT_EQ(journal.bytes_max, 1U << 30U);
    EXPECT_EQ(journal.unread_topics, (std::set<std::string>{"audit", "clicks.v1"}));
    EXPECT_EQ(journal.memory_bytes, 1U << 20U);
    EXPECT_EQ(checked.value.projections.choice, projection_choice::named);
    EXPECT_THAT(checked.value.projections.names, ElementsAre("revenue", "own"));
    EXPECT_THAT(checked.value.projections.paths, ElementsAre("/a", "/b"));
}

TEST(journal_settings, know_a_journal_in_kafka) {
    EXPECT_EQ(serving({{"JOURNAL", "kafka://a:9092,[::1]:9093"}}).value.journal.brokers, "a:9092,[::1]:9093");
    const auto by_broker = serving({{"KAFKA_BROKER", "kafka:9092"}});
    EXPECT_TRUE(by_broker.value.journal.in_kafka());
    EXPECT_EQ(by_broker.value.journal.brokers, "kafka:9092");
}

TEST(journal_settings, have_the_properties_of_a_file_for_kafka_alone) {
    const auto path = testing::TempDir() + "event-archiver-kafka.conf";
    const auto with = [&path](std::string_view text, std::string_view journal = "kafka://hub.example:9093") {
        std::ofstream(path) << text;
        return serving({{"JOURNAL", std::string(journal)}, {"KAFKA_CONFIG", path}});
    };
    const auto plain = with("linger.ms=3\n");
    EXPECT_THAT(plain.mistakes, IsEmpty());
    EXPECT_EQ(plain.value.journal.kafka_properties, "linger.ms=3\n");
    EXPECT_FALSE(plain.value.identity.has_value());
    const auto by_token = with("sasl.mechanism=OAUTHBEARER\nsecurity.protocol=SASL_SSL\n");
    EXPECT_THAT(by_token.mistakes, IsEmpty());
    EXPECT_EQ(by_token.value.journal.kafka_token_scope, "https://hub.example/.default");
    EXPECT_TRUE(by_token.value.identity.has_value());
    EXPECT_THAT(with("acks=0").mistakes,
                ElementsAre("KAFKA_CONFIG: 'acks' in line 1 of '" + path +
                            "' cannot be set: an event is accepted when all in-sync replicas have it once"));
    EXPECT_THAT(with("acks=0", "/j").mistakes, IsEmpty());
    std::remove(path.c_str());
    EXPECT_THAT(serving({{"JOURNAL", "kafka://a:1"}, {"KAFKA_CONFIG", path}}).mistakes,
                ElementsAre("KAFKA_CONFIG is '" + path + "': this file cannot be read"));
}

TEST(journal_settings, name_each_mistake) {
    EXPECT_THAT(
        serving({{"JOURNAL", "kafka://"},
                 {"JOURNAL_SYNC", "sometimes"},
                 {"JOURNAL_RETENTION", "7"},
                 {"JOURNAL_MEMORY", "1k"},
                 {"JOURNAL_MAX_BYTES", "100"},
                 {"KAFKA_PUBLISH_TOPIC", "a b"},
                 {"PROJECT", "Revenue"},
                 {"PG_CONNECTION_STRING", "host=db"}})
            .mistakes,
        ElementsAre("JOURNAL: give brokers as kafka://host:port,host:port",
                    "JOURNAL_SYNC is 'sometimes': give `group`, or a time from 1ms to 60s",
                    "JOURNAL_RETENTION is '7': give a time with its unit, such as 7d, 12h or 30m",
                    "JOURNAL_MAX_BYTES is '100': give at least 4KiB, and a unit: `10GiB`",
                    "JOURNAL_MEMORY is '1k': give at least 64KiB",
                    "KAFKA_PUBLISH_TOPIC is 'a b': a topic's name has 1 to 200 letters, digits, dots, "
                    "hyphens and underscores",
                    "PROJECT is 'Revenue': give names of projections, separated by commas, or all, or "
                    "none"));
    EXPECT_THAT(serving({{"JOURNAL", "s3://box"}}).mistakes,
                ElementsAre("JOURNAL: give a directory, or kafka://host:port,host:port"));
    EXPECT_THAT(serving({{"KAFKA_BROKER", "kafka:x"}}).mistakes,
                ElementsAre("KAFKA_BROKER: give brokers as host:port,host:port"));
}

TEST(serve_settings, has_a_port_for_each_single_api) {
    for (const auto& [apis, port] :
         {std::pair("live", 8000), std::pair("timestamps", 7080), std::pair("builds", 8442),
          std::pair("events", 8002), std::pair("live,events", 8002)}) {
        const auto lookup = environment_of({{"SERVE_APIS", apis}, {"PROJECT", "none"}});
        const auto checked = check(collect({}, lookup), lookup, purpose::serving);
        EXPECT_THAT(checked.mistakes, IsEmpty()) << apis;
        EXPECT_EQ(checked.value.serving.port, port) << apis;
    }
}

TEST(serve_settings, need_a_database_for_exports_and_projections_alone) {
    const auto mistakes = [](variables environment) {
        const auto lookup = environment_of(std::move(environment));
        return check(collect({}, lookup), lookup, purpose::serving).mistakes;
    };
    EXPECT_THAT(mistakes({{"SERVE_APIS", "events"}}), IsEmpty());
    EXPECT_THAT(mistakes({{"SERVE_APIS", "live"}, {"PROJECT", "none"}}), IsEmpty());
    EXPECT_THAT(mistakes({{"SERVE_APIS", "live, events"}, {"PROJECT", "none"}}), IsEmpty());
    EXPECT_THAT(mistakes({{"SERVE_APIS", "live"}}), testing::SizeIs(1));
    EXPECT_THAT(mistakes({{"SERVE_APIS", "events,exports"}}), testing::SizeIs(1));
    EXPECT_THAT(
        mistakes({{"SERVE_APIS", "events,lives"}}),
        testing::Contains("SERVE_APIS is 'events,lives': give one or more of exports, live, timestamps, "
                          "builds, events, separated by commas; did you mean 'live'?"));
}

} // namespace
} // namespace app
