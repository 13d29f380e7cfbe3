#include "events/journal/kafka/kafka_journal.hpp"

#include "async/caught.hpp"
#include "async/cleanup.hpp"
#include "async/error.hpp"
#include "async/pause.hpp"
#include "async/race.hpp"
#include "events/journal/error.hpp"
#include "events/journal/kafka/kafka_topic.hpp"
#include "events/journal/kafka/open_readers.hpp"
#include "events/journal/kafka/properties.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>
#include <utility>

namespace events {

namespace {

// In which clients usually end. One of them may wait for an answer that does not come.
constexpr std::chrono::milliseconds end_patience{500};

bool may_make_topics(const std::vector<kafka::property>& given) {
    return std::ranges::none_of(given, [](const kafka::property& each) {
        return each.name == "allow.auto.create.topics" && each.value == "false";
    });
}

journal_error no_such_topic(std::string_view name) {
    return {journal_failure::no_topic, fmt::format("Kafka has no topic '{}'", name),
            "Make it; KAFKA_CONFIG says that this program does not."};
}

// `principal`: empty: not known.
void add_right(append_outlook& found, const kafka::rules_of_writers& told, const std::string& principal) {
    if (told.failed == RD_KAFKA_RESP_ERR_SECURITY_DISABLED) {
        found.allowed = true;
        return;
    }
    if (told.failed != RD_KAFKA_RESP_ERR_NO_ERROR) {
        found.why = told.failed == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED
                        ? "the brokers do not let this user read the ACLs"
                        : fmt::format("the ACLs cannot be read: {}", rd_kafka_err2str(told.failed));
        return;
    }
    if (!told.any_is_told) {
        found.why = "the brokers show no ACL of it: they have none, or this user may not read them";
        return;
    }
    if (principal.empty()) {
        found.why = "only the brokers know which principal this client is";
        return;
    }
    const auto right = kafka::right_in(told.rules, principal);
    found.allowed = right == kafka::write_right::given;
    if (right == kafka::write_right::denied)
        found.why = fmt::format("an ACL denies {} to write to it", principal);
    else if (right == kafka::write_right::not_given)
        found.why = fmt::format("no ACL lets {} write to it; a super user may all the same", principal);
}

} // namespace

kafka_property_facts check_kafka_properties(std::string_view text, std::string_view file,
                                            std::string_view brokers) {
    const auto given = kafka::parse_properties(text, file);
    for (const auto which : {kafka::role::producer, kafka::role::consumer})
        kafka::must_make_a_client(which, given);
    return {kafka::token_scope_of(given, brokers)};
}

struct kafka_journal::impl {
    impl(const boost::asio::any_io_executor& executor, kafka_journal_options given,
         async::helper_thread& helper, async::log& log)
        : options(std::move(given))
        , properties(kafka::parse_properties(options.properties, options.properties_file))
        , makes_topics(may_make_topics(properties))
        , blocking(helper)
        , around{executor, log, options.token, async::task_scope(executor), {}}
        , brokers(around, conf(kafka::role::consumer, 1), blocking)
        , sender(
              around, [this] { return conf(kafka::role::producer, 1); },
              [this](std::vector<std::shared_ptr<void>> gone) { around.tasks.start(drop(std::move(gone))); },
              options.memory_bytes, options.now ? options.now : time_now)
        , opened(executor, around.tasks, options.idle_consumers_max,
                 [this](std::vector<std::shared_ptr<void>> gone) { return drop(std::move(gone)); }) {}

    // Readers of a topic, and the partitions of each, share the memory.
    [[nodiscard]] kafka::conf_handle conf(kafka::role which, std::int32_t partitions) const {
        const auto share =
            options.memory_bytes / kafka::readers_max / static_cast<std::size_t>(std::max(partitions, 1));
        return kafka::make_conf(which, {options.brokers, options.group, share}, properties);
    }

    [[nodiscard]] std::unique_ptr<kafka::kafka_topic> make_topic(const std::string& name,
                                                                 std::int32_t partitions) {
        const auto make_reader = [this, partitions](const std::string& of) {
            const auto make_conf = [this, partitions] { return conf(kafka::role::consumer, partitions); };
            return std::make_unique<kafka::reader>(around, make_conf, of, brokers, assigning, opened,
                                                   options.compare_every);
        };
        return std::make_unique<kafka::kafka_topic>(around.executor, name, partitions, sender, brokers,
                                                    make_reader);
    }

    // Dropping the last hold on a client waits for its threads.
    [[nodiscard]] awaitable<void> drop(std::vector<std::shared_ptr<void>> clients) {
        if (clients.empty())
            co_return;
        auto held = std::make_shared<std::vector<std::shared_ptr<void>>>(std::move(clients));
        std::function<void()> dropping = [held] { held->clear(); };
        co_await blocking.run(std::move(dropping));
    }

    [[nodiscard]] std::vector<std::shared_ptr<void>> release() {
        auto left = sender.release();
        for (const auto& [name, each] : topics)
            std::ranges::move(each->release(), std::back_inserter(left));
        left.push_back(brokers.release());
        std::erase(left, nullptr);
        return left;
    }

    [[nodiscard]] awaitable<void> close() {
        const auto not_drained = co_await async::caught(sender.drain());
        co_await async::ignoring_cancellation(); // what follows is short
        around.tasks.cancel();
        co_await around.tasks.join();
        const auto until = async::deadline::after(end_patience);
        // Nothing depends on their end; those that are late go on ending.
        co_await async::caught_error(async::with_deadline(drop(release()), until, "the end of the clients"));
        co_await async::heeding_cancellation();
        if (not_drained)
            std::rethrow_exception(not_drained);
    }

    // Leaves a journal that was not closed.
    void leave() {
        auto held = std::make_shared<std::vector<std::shared_ptr<void>>>(release());
        if (!held->empty())
            blocking.leave([held] { held->clear(); });
    }

    kafka_journal_options options;
    std::vector<kafka::property> properties;
    bool makes_topics;
    // What asks brokers may wait long; what assigns partitions does not, and its order matters.
    async::helper_thread& blocking;
    async::helper_thread assigning;
    kafka::client_surroundings around;
    kafka::cluster brokers;
    kafka::producer sender;
    kafka::open_readers opened;
    std::map<std::string, std::unique_ptr<kafka::kafka_topic>> topics;
};

kafka_journal::kafka_journal(const boost::asio::any_io_executor& executor, kafka_journal_options options,
                             async::helper_thread& blocking, async::log& log)
    : impl_(std::make_unique<impl>(executor, std::move(options), blocking, log)) {}

kafka_journal::~kafka_journal() { impl_->leave(); }

journal_figures kafka_journal::figures() const {
    journal_figures so_far;
    so_far.producers_replaced = impl_->sender.replaced();
    return so_far;
}

awaitable<topic*> kafka_journal::open(std::string name) {
    if (const auto mistake = topic_name_mistake(name); !mistake.empty())
        throw async::error(async::failure::usage,
                           fmt::format("'{}' is not a valid topic name: {}", name, mistake));
    if (const auto found = impl_->topics.find(name); found != impl_->topics.end())
        co_return found->second.get();
    auto partitions = co_await impl_->brokers.partitions(name);
    if (partitions == 0) {
        if (!impl_->makes_topics)
            throw no_such_topic(name);
        co_await impl_->brokers.make(name);
        // The broker that is asked next may not have heard of it.
        const auto until = async::deadline::after(std::chrono::seconds(10));
        for (;;) {
            partitions = co_await impl_->brokers.partitions(name);
            if (partitions > 0)
                break;
            if (until.passed())
                throw journal_error(journal_failure::unreachable,
                                    fmt::format("topic '{}' was made, and no broker knows it yet", name));
            co_await async::pause(std::chrono::milliseconds(50));
        }
    }
    // Somebody else may have opened it meanwhile.
    auto kept = impl_->topics.find(name);
    if (kept == impl_->topics.end()) {
        auto made = impl_->make_topic(name, partitions);
        kept = impl_->topics.emplace(name, std::move(made)).first;
    }
    co_return kept->second.get();
}

awaitable<std::vector<std::string>> kafka_journal::topics() { co_return co_await impl_->brokers.topics(); }

awaitable<void> kafka_journal::must_answer() {
    impl_->sender.must_be_makeable();
    // Small, and each cluster has it.
    std::string about = impl_->topics.empty() ? "__consumer_offsets" : impl_->topics.begin()->first;
    co_await impl_->brokers.must_answer(std::move(about));
}

awaitable<append_outlook> kafka_journal::outlook(std::string name) {
    append_outlook found;
    const auto partitions = co_await impl_->brokers.partitions(name);
    found.exists = partitions > 0;
    if (!found.exists && !impl_->makes_topics)
        throw no_such_topic(name);
    if (!found.exists)
        co_await impl_->brokers.make(name, kafka::creation::only_checked);
    const auto told = co_await impl_->brokers.writers(std::move(name));
    add_right(found, told, kafka::principal_of(impl_->properties));
    co_return found;
}

awaitable<void> kafka_journal::close() { co_await impl_->close(); }

} // namespace events
