#include "async/error.hpp"
#include "events/journal/kafka/properties.hpp"

#include <gtest/gtest.h>

#include <array>
#include <gmock/gmock.h>

namespace events::kafka {

namespace {

template <typename Call>
std::string refused(Call call) {
    try {
        call();
    } catch (const async::error& error) {
        EXPECT_EQ(error.kind(), async::failure::usage);
        return error.message();
    }
    return {};
}

std::string refused_file(std::string_view text) {
    return refused([text] { (void)parse_properties(text, "k.conf"); });
}

std::string in(const conf_handle& conf, const char* name) {
    std::array<char, 512> text{};
    auto size = text.size();
    EXPECT_EQ(rd_kafka_conf_get(conf.get(), name, text.data(), &size), RD_KAFKA_CONF_OK) << name;
    return text.data();
}

const client_shape shape{"127.0.0.1:9092", "group", 8'388'608};

} // namespace

TEST(kafka_properties, are_lines_of_name_and_value) {
    const auto found = parse_properties(
        "# TLS\n\nsecurity.protocol=SASL_SSL\r\n sasl.password = a=b c \nssl.ca.location=", "f");
    const std::vector<property> expected{
        {"security.protocol", "SASL_SSL"}, {"sasl.password", "a=b c"}, {"ssl.ca.location", ""}};
    EXPECT_EQ(found, expected);
    EXPECT_TRUE(parse_properties("", "f").empty());
}

TEST(kafka_properties, that_are_not_the_users_are_refused_by_name) {
    EXPECT_EQ(refused_file("a=b\nwhat is this"), "KAFKA_CONFIG: line 2 of 'k.conf' is not name=value");
    EXPECT_EQ(refused_file("=x"), "KAFKA_CONFIG: line 1 of 'k.conf' is not name=value");
    EXPECT_EQ(
        refused_file("linger.ms=3\nacks=1"),
        "KAFKA_CONFIG: 'acks' in line 2 of 'k.conf' cannot be set: an event is accepted when all in-sync "
        "replicas have it once");
    EXPECT_EQ(refused_file("bootstrap.servers=x:1"), "KAFKA_CONFIG: 'bootstrap.servers' in line 1 of "
                                                     "'k.conf' cannot be set: name the brokers in JOURNAL as "
                                                     "kafka://host:port");
    for (const std::string name :
         {"group.id", "enable.idempotence", "auto.offset.reset", "enable.auto.commit", "isolation.level",
          "transactional.id", "partitioner", "queued.max.messages.kbytes", "fetch.message.max.bytes",
          "max.partition.fetch.bytes", "fetch.max.bytes", "receive.message.max.bytes", "check.crcs",
          "topic.blacklist", "ssl.engine.location", "ssl.engine.id", "plugin.library.paths"})
        EXPECT_THAT(refused_file(name + "=1"), testing::HasSubstr("'" + name + "'"));
}

TEST(kafka_properties, have_librdkafkas_opinion_but_not_the_value) {
    EXPECT_EQ(refused([] {
                  (void)make_conf(role::producer, shape, {{"no.such", "hidden"}});
              }),
              "KAFKA_CONFIG: librdkafka has no property 'no.such'");
    const auto said = refused([] { (void)make_conf(role::producer, shape, {{"linger.ms", "hunter2"}}); });
    EXPECT_THAT(said, testing::HasSubstr("linger.ms"));
    EXPECT_THAT(said, testing::Not(testing::HasSubstr("hunter2")));
}

TEST(kafka_properties, that_contradict_each_other_make_no_client) {
    const auto said = [](const property& given) {
        return refused([&given] { must_make_a_client(role::producer, {given}); });
    };
    EXPECT_THAT(said({"retries", "0"}), testing::HasSubstr("retries"));
    EXPECT_THAT(said({"message.send.max.retries", "0"}), testing::HasSubstr("retries"));
    EXPECT_THAT(said({"max.in.flight", "10"}), testing::HasSubstr("max.in.flight"));
    EXPECT_THAT(said({"max.in.flight.requests.per.connection", "10"}), testing::HasSubstr("max.in.flight"));
    EXPECT_THAT(said({"queuing.strategy", "lifo"}), testing::HasSubstr("queuing.strategy"));
    EXPECT_THAT(said({"message.timeout.ms", "1"}), testing::HasSubstr("message.timeout.ms"));
    EXPECT_THAT(said({"delivery.timeout.ms", "999"}), testing::HasSubstr("message.timeout.ms"));
    EXPECT_THAT(said({"linger.ms", "60000"}), testing::HasSubstr("linger.ms"));
    for (const property& fine :
         {property{"retries", "5"}, property{"max.in.flight", "1"}, property{"message.timeout.ms", "1000"},
          property{"message.timeout.ms", "0"}, property{"linger.ms", "900"}})
        EXPECT_EQ(said(fine), "") << fine.name;
    EXPECT_EQ(refused([] { must_make_a_client(role::consumer, {}); }), "");
}

TEST(kafka_properties, of_a_producer_wait_for_all_replicas_whatever_else_is_set) {
    const auto conf = make_conf(role::producer, shape, {{"linger.ms", "7"}, {"message.timeout.ms", "5000"}});
    EXPECT_EQ(in(conf, "bootstrap.servers"), "127.0.0.1:9092");
    EXPECT_EQ(in(conf, "enable.idempotence"), "true");
    EXPECT_EQ(in(conf, "acks"), "-1");
    EXPECT_EQ(in(conf, "linger.ms"), "7");
    EXPECT_EQ(number_in(conf.get(), "message.max.bytes"), 1'048'588);
}

TEST(kafka_properties, of_a_consumer_begin_where_they_are_told_or_fail) {
    const auto conf = make_conf(role::consumer, shape, {});
    EXPECT_EQ(in(conf, "auto.offset.reset"), "error");
    EXPECT_EQ(in(conf, "enable.auto.commit"), "false");
    EXPECT_EQ(in(conf, "isolation.level"), "read_committed");
}

TEST(kafka_properties, of_a_consumer_bound_what_it_reads_ahead) {
    const auto conf = make_conf(role::consumer, shape, {{"message.max.bytes", "9000000"}});
    EXPECT_EQ(number_in(conf.get(), "queued.min.messages"), 4'096);
    EXPECT_EQ(number_in(conf.get(), "queued.max.messages.kbytes"), 2'048);
    EXPECT_EQ(number_in(conf.get(), "fetch.message.max.bytes"), 524'288);
    const auto small = make_conf(role::consumer, {"127.0.0.1:9092", "group", 1}, {});
    EXPECT_EQ(number_in(small.get(), "queued.min.messages"), 64);
    EXPECT_EQ(number_in(small.get(), "fetch.message.max.bytes"), 16'384);
}

TEST(kafka_properties, say_whom_the_brokers_take_the_client_for_where_that_can_be_known) {
    const auto of = [](std::string_view text) { return principal_of(parse_properties(text, "k.conf")); };
    EXPECT_EQ(of(""), "User:ANONYMOUS");
    EXPECT_EQ(of("security.protocol=SSL\n"), "User:ANONYMOUS");
    EXPECT_EQ(of("security.protocol=ssl\nssl.certificate.location=/c.pem\n"), "");
    EXPECT_EQ(of("security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\nsasl.username=a\n"), "User:a");
    EXPECT_EQ(of("security.protocol=sasl_plaintext\nsasl.mechanisms=SCRAM-SHA-512\nsasl.username=b\n"),
              "User:b");
    EXPECT_EQ(of("security.protocol=SASL_SSL\nsasl.mechanism=OAUTHBEARER\n"), "");
    EXPECT_EQ(of("sasl.username=a\n"), "User:ANONYMOUS") << "no SASL";
}

} // namespace events::kafka
