// Tested by tests/unit/app/settings/journal_settings_test.cpp.
#include "app/settings/features.hpp"
#include "app/settings/journal_settings.hpp"
#include "app/settings/read_identity.hpp"
#include "app/settings/rows.hpp"
#include "async/ascii.hpp"
#include "async/error.hpp"
#include "async/number.hpp"
#include "async/regular_file.hpp"
#include "events/journal/journal.hpp"
#include "events/journal/kafka/kafka_journal.hpp"
#include "http/host_port.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace app {

namespace {

constexpr std::array journal_rows{
    rows::of_serving(
        {"JOURNAL", "--journal", "/var/lib/event-archiver/journal", "PLACE",
         "where events are kept: a directory, or `kafka://host:port,host:port`; `none`: `serve` answers "
         "queries alone"}),
    option{"JOURNAL_SYNC", "", "group", "HOW",
           "`group`: what was answered 2xx is on the disk; a time such as `100ms`: it is there that much "
           "later, and is lost if the machine fails before"},
    option{"JOURNAL_RETENTION", "", "7d", "TIME",
           "how long events stay that every projection has applied: `7d`, `12h`"},
    option{"JOURNAL_MAX_BYTES", "", "", "SIZE",
           "how large a topic may become; beyond it new events are refused, and events that are not applied "
           "stay"},
    option{"JOURNAL_UNREAD_TOPICS", "", "", "LIST",
           "topics, separated by commas, whose events need not wait for a projection that has not begun"},
    option{"JOURNAL_MEMORY", "", "16MiB", "SIZE",
           "limit for events that are being received or wait for the disk; beyond it `serve` answers 503"},
    option{"KAFKA_CONFIG", "", "", "FILE",
           "librdkafka's properties for the journal: a line `name=value` each"},
    option{"KAFKA_BROKER", "", "", "LIST",
           "the journal is in Kafka, at host:port,host:port, where JOURNAL is not set"},
    option{"KAFKA_PUBLISH_TOPIC", "", "timestamp.command.v1", "TOPIC",
           "the topic that commands of timestamps go to"},
    option{"KAFKA_CONSUMER_TOPIC", "", "", "TOPIC", "the topic that commands are read from; unset: the same"},
    option{"BUILDS_TOPIC", "", "build_events", "TOPIC", "the topic that events of builds are read from"},
    option{"KAFKA_GROUP_ID", "", "", "NAME",
           "the name under which positions are kept; a new one reads everything again"},
};

// "host:9092,[::1]:9092"; the port may be missing.
bool are_brokers(std::string_view text) {
    for (const auto entry : async::split(text, ',')) {
        const auto [host, port, has_port] = http::split_host_port(entry);
        const auto fits = [](char letter) {
            return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                   (letter >= '0' && letter <= '9') ||
                   std::string_view("-._[]:").find(letter) != std::string_view::npos;
        };
        if (host.empty() || http::is_bare_ipv6(host) || !std::ranges::all_of(host, fits))
            return false;
        if (has_port && async::number_from<std::uint16_t>(port).value_or(0) == 0)
            return false;
    }
    return true;
}

parsed<std::chrono::milliseconds> parse_sync(std::string_view text) {
    if (text == "group")
        return std::chrono::milliseconds(0);
    auto time = parse_time(text);
    constexpr std::chrono::milliseconds longest{60'000};
    if (const auto* span = std::get_if<0>(&time); span == nullptr || span->count() == 0 || *span > longest)
        return "give `group`, or a time from 1ms to 60s";
    return time;
}

void check_place(checker& settings) {
    auto& journal = settings.value().journal;
    const auto& given = settings["JOURNAL"];
    const auto& broker = settings["KAFKA_BROKER"];
    constexpr std::string_view scheme = "kafka://";
    if (given.from == source::standard && broker.set()) {
        journal.brokers = broker.text;
        if (!are_brokers(broker.text))
            settings.mistake("KAFKA_BROKER", "give brokers as host:port,host:port");
    } else if (given.text == "none") {
        journal.none = true;
        if (settings.purpose() != purpose::serving)
            settings.mistake("JOURNAL",
                             "give a directory, or kafka://host:port,host:port: `none` is for `serve`, "
                             "which then answers queries alone");
    } else if (given.text.starts_with(scheme)) {
        journal.brokers = given.text.substr(scheme.size());
        if (!are_brokers(journal.brokers))
            settings.mistake("JOURNAL", "give brokers as kafka://host:port,host:port");
    } else if (given.text.find("://") != std::string::npos) {
        settings.mistake("JOURNAL", "give a directory, or kafka://host:port,host:port");
    } else {
        journal.directory = given.text;
    }
}

// A file that others share must not keep a journal on this disk from being opened.
void check_kafka_file(checker& settings) {
    auto& journal = settings.value().journal;
    const auto& given = settings["KAFKA_CONFIG"];
    if (!journal.in_kafka() || !given.set())
        return;
    journal.kafka_config = given.text;
    constexpr std::size_t bytes_max = std::size_t{1} << 20;
    auto read = async::read_text(given.text, bytes_max);
    if (!read.mistake.empty()) {
        settings.mistake("KAFKA_CONFIG", fmt::format("this file {}", read.mistake));
        return;
    }
    journal.kafka_properties = std::move(read.text);
    try {
        const auto facts =
            events::check_kafka_properties(journal.kafka_properties, given.text, journal.brokers);
        journal.kafka_token_scope = facts.token_scope;
    } catch (const async::error& error) {
        settings.mistake_of_several(error.message());
        return;
    }
    if (!journal.kafka_token_scope.empty())
        read_identity(settings);
}

void check_topic(checker& settings, std::string_view name, std::string& target) {
    const auto& given = settings[name];
    if (!given.set())
        return;
    if (const auto clause = events::topic_name_mistake(given.text); clause.empty())
        target = given.text;
    else
        settings.mistake(name, clause);
}

void check_group(checker& settings) {
    const auto& given = settings["KAFKA_GROUP_ID"];
    if (!given.set())
        return;
    if (events::topic_name_mistake(given.text).empty())
        settings.value().journal.group = given.text;
    else
        settings.mistake("KAFKA_GROUP_ID", "give 1 to 200 letters, digits, dots, hyphens and underscores");
}

void check_unread_topics(checker& settings) {
    const auto& given = settings["JOURNAL_UNREAD_TOPICS"];
    if (!given.set())
        return;
    for (const auto name : async::split(given.text, ',')) {
        if (const auto clause = events::topic_name_mistake(name); !clause.empty()) {
            settings.mistake("JOURNAL_UNREAD_TOPICS", clause);
            return;
        }
        settings.value().journal.unread_topics.emplace(name);
    }
}

void check_journal(checker& settings) {
    if (!settings.uses_journal())
        return;
    auto& journal = settings.value().journal;
    check_place(settings);
    settings.read("JOURNAL_SYNC", journal.sync_every, parse_sync);
    settings.read("JOURNAL_RETENTION", journal.retention, parse_age);
    settings.read("JOURNAL_MAX_BYTES", journal.bytes_max, parse_size);
    constexpr std::uint64_t bytes_max_min = 4'096;
    if (journal.bytes_max > 0 && journal.bytes_max < bytes_max_min)
        settings.mistake("JOURNAL_MAX_BYTES", "give at least 4KiB, and a unit: `10GiB`");
    check_unread_topics(settings);
    settings.read("JOURNAL_MEMORY", journal.memory_bytes, parse_size);
    constexpr std::size_t memory_min = 65'536;
    if (journal.memory_bytes < memory_min)
        settings.mistake("JOURNAL_MEMORY", "give at least 64KiB");
    check_kafka_file(settings);
    check_topic(settings, "KAFKA_PUBLISH_TOPIC", journal.publish_topic);
    check_topic(settings, "KAFKA_CONSUMER_TOPIC", journal.consumer_topic);
    check_topic(settings, "BUILDS_TOPIC", journal.builds_topic);
    check_group(settings);
}

} // namespace

feature journaling_settings() noexcept { return {"The journal", journal_rows, check_journal}; }

} // namespace app
