#include "db/impl/open_session.hpp"

#include "async/race.hpp"
#include "db/conninfo.hpp"
#include "db/impl/connect_failure.hpp"
#include "db/impl/conninfo.hpp"
#include "db/impl/host_list.hpp"
#include "db/impl/libpq.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <new>
#include <optional>
#include <string>
#include <vector>

namespace db {

namespace {

// A connection that is being made. Shared between the coroutine and the call on the helper thread, which ends
// unobserved when the coroutine is cancelled; only one of them touches it at a time.
struct attempt {
    settings wanted;
    std::unique_ptr<notices> heard = std::make_unique<notices>();
    connection_handle handle;
    PostgresPollingStatusType next = PGRES_POLLING_WRITING; // as PQconnectStart's documentation asks for

    void start();
    void step() { next = PQconnectPoll(handle.get()); }
};

void attempt::start() {
    std::vector<const char*> keywords;
    std::vector<const char*> values;
    for (const setting& each : wanted) {
        keywords.push_back(each.keyword.c_str());
        values.push_back(each.value.c_str());
    }
    keywords.push_back(nullptr);
    values.push_back(nullptr);
    handle.reset(PQconnectStartParams(keywords.data(), values.data(), 0));
    if (!handle)
        throw std::bad_alloc();
    PQsetErrorVerbosity(handle.get(), PQERRORS_VERBOSE); // for `connect_failure`
    heard->listen(handle.get());
    if (PQstatus(handle.get()) == CONNECTION_BAD)
        next = PGRES_POLLING_FAILED;
}

awaitable<std::shared_ptr<libpq_session>> connect(settings wanted, async::helper_thread& helper,
                                                  async::log& log) {
    const auto executor = co_await asio::this_coro::executor;
    const auto trying = std::make_shared<attempt>();
    trying->wanted = std::move(wanted);

    // Off the loop: libpq reads the service file, the password file and certificates and asks the resolver,
    // the latter again for each further host.
    std::function<void()> start = [trying] { trying->start(); };
    co_await helper.run(std::move(start));
    {
        borrowed_descriptor descriptor(executor);
        while (trying->next == PGRES_POLLING_READING || trying->next == PGRES_POLLING_WRITING) {
            // Each step may close the socket and open another: for the next host or address, or to try
            // without SSL.
            descriptor.borrow(PQsocket(trying->handle.get()));
            if (trying->next == PGRES_POLLING_READING)
                co_await descriptor.readable();
            else
                co_await descriptor.writable();
            descriptor.let_go();
            std::function<void()> step = [trying] { trying->step(); };
            co_await helper.run(std::move(step));
        }
    }
    PGconn* const handle = trying->handle.get();
    if (trying->next != PGRES_POLLING_OK)
        throw connect_failure(PQerrorMessage(handle));
    PQsetErrorVerbosity(handle, PQERRORS_DEFAULT);
    if (PQsetnonblocking(handle, 1) != 0)
        throw broken_connection(handle);
    co_return std::make_shared<libpq_session>(std::move(trying->handle), std::move(trying->heard), executor,
                                              helper, log);
}

// On the helper thread, see one_for_each_host.
awaitable<std::vector<listed_server>> split_by_host(settings wanted, async::helper_thread& helper) {
    const auto servers = std::make_shared<std::vector<listed_server>>();
    std::function<void()> split = [servers, wanted] { *servers = one_for_each_host(wanted); };
    co_await helper.run(std::move(split));
    co_return std::move(*servers);
}

// libpq's own rule: the next host is tried where this one cannot be reached, is starting, or is not of the
// kind that target_session_attrs names. One that refuses the user, or has no room, ends the search.
bool may_be_another(const async::error& failed) {
    const auto* const said = dynamic_cast<const error*>(&failed);
    return failed.kind() == async::failure::temporary &&
           (said == nullptr || !said->state().starts_with("53"));
}

// Each server has the whole of `patience`. The error names each server that was tried.
awaitable<std::shared_ptr<libpq_session>> connect_to_one_of(std::vector<listed_server> servers,
                                                            std::chrono::seconds patience,
                                                            async::helper_thread& helper, async::log& log) {
    std::string before;
    for (std::size_t at = 0;; ++at) {
        const auto deadline = async::deadline::after(patience);
        try {
            co_return co_await async::with_deadline(connect(servers.at(at).wanted, helper, log), deadline,
                                                    "connect");
        } catch (async::error& failed) {
            const bool silent = dynamic_cast<const error*>(&failed) == nullptr;
            auto said = silent && servers.size() > 1
                            ? fmt::format("{}: {}", servers.at(at).name, failed.message())
                            : failed.message();
            said = before.empty() ? said : fmt::format("{}; {}", before, said);
            if (at + 1 == servers.size() || !may_be_another(failed)) {
                failed.set_message(std::move(said));
                throw;
            }
            before = std::move(said);
        }
    }
}

link_facts link_of(PGconn* handle) {
    link_facts link;
    link.encrypted = PQsslInUse(handle) != 0;
    const char* const host = PQhost(handle);
    const char* const given = PQhostaddr(handle);
    boost::system::error_code no_address;
    const auto address = asio::ip::make_address(given == nullptr ? "" : given, no_address);
    link.local = host == nullptr || *host == '\0' || *host == '/' || *host == '@' ||
                 (!no_address && address.is_loopback());
    const conninfo_handle all(PQconninfo(handle));
    for (const PQconninfoOption* option = all.get(); option && option->keyword != nullptr; ++option)
        if (std::string_view(option->keyword) == "sslmode" && option->val != nullptr)
            link.tls_mode = option->val;
    return link;
}

// A password that a function gave is rarely misspelt.
constexpr const char* token_hint = "The user must be the name of the identity's role: see "
                                   "pgaadauth_create_principal, and whether the server "
                                   "allows Entra authentication.";

// On the helper thread: it reads the service file and asks the system for the user's name.
awaitable<std::string> describe_target(std::string conninfo, async::helper_thread& helper) {
    const auto text = std::make_shared<std::string>();
    std::function<void()> describe = [text, conninfo] { *text = describe_conninfo(conninfo); };
    co_await helper.run(std::move(describe));
    co_return *text;
}

} // namespace

awaitable<std::shared_ptr<libpq_session>> open_session(connect_options options, async::helper_thread& helper,
                                                       async::log& log) {
    auto wanted = settings_for_libpq(options);
    if (options.password) {
        auto password = co_await options.password();
        wanted.push_back({"password", std::move(password)});
    }
    const auto patience = connect_timeout_of(options);
    std::string target = "the database server";
    std::optional<async::error> late;
    try {
        const auto deadline = async::deadline::after(patience);
        target =
            co_await async::with_deadline(describe_target(options.conninfo, helper), deadline, "connect");
        auto servers =
            co_await async::with_deadline(split_by_host(std::move(wanted), helper), deadline, "connect");
        auto session = co_await connect_to_one_of(std::move(servers), patience, helper, log);
        if (options.opened)
            options.opened(link_of(session->handle()));
        co_return session;
    } catch (const error& failed) {
        if (!options.password || failed.kind() != async::failure::refused)
            throw;
        throw error(failed.kind(), failed.message(), failed.state(), false, token_hint);
    } catch (const async::error& failed) {
        late = failed;
    }
    throw error(late->kind(), "connecting to " + target + ": " + late->message(), {}, false,
                "Check that the host and port are right and that no firewall is in between.");
}

} // namespace db
