#include "db/impl/abandon.hpp"

#include <array>
#include <functional>

namespace db {

namespace {

struct cancel_request {
    cancel_handle handle;
    bool sent = false;
    std::array<char, 256> complaint{};

    void send() { sent = PQcancel(handle.get(), complaint.data(), static_cast<int>(complaint.size())) == 1; }
};

// On a connection of its own, and in libpq 15 a blocking call.
awaitable<void> request_cancel(std::shared_ptr<libpq_session> session) {
    const auto request = std::make_shared<cancel_request>();
    request->handle.reset(PQgetCancel(session->handle()));
    if (!request->handle)
        throw broken_connection(session->handle());
    std::function<void()> send = [request] { request->send(); };
    co_await session->helper().run(std::move(send));
    if (!request->sent)
        throw error(async::failure::temporary, one_line(request->complaint.data()), {}, false);
}

awaitable<void> skip_copied_rows(libpq_session& session) {
    for (;;) {
        char* memory = nullptr;
        const int size = PQgetCopyData(session.handle(), &memory, 1);
        const text_handle row(memory);
        session.settle();
        if (size < 0)
            co_return;
        if (size == 0) {
            // Nothing more comes; the next result says so.
            if (!session.connected())
                co_return;
            co_await session.readable();
            session.consume();
        }
    }
}

// The server does not heed a cancel while it reads the data of a COPY FROM: the copy has to be ended.
awaitable<void> end_copy_in(libpq_session& session) {
    int accepted = 0;
    while (accepted == 0) {
        accepted = PQputCopyEnd(session.handle(), "abandoned by the client");
        session.require_sent(accepted < 0 ? 0 : 1);
        co_await session.flush();
    }
}

awaitable<void> drain(libpq_session& session) {
    co_await session.flush();
    result_handle next = co_await session.next_result();
    while (next && session.connected()) {
        if (PQresultStatus(next.get()) == PGRES_COPY_OUT)
            co_await skip_copied_rows(session);
        else if (PQresultStatus(next.get()) == PGRES_COPY_IN)
            co_await end_copy_in(session);
        next = co_await session.next_result();
    }
}

} // namespace

awaitable<void> wind_down(std::shared_ptr<libpq_session> session) {
    if (!session->connected())
        co_return;
    if (session->at() != phase::idle) {
        co_await request_cancel(session);
        co_await drain(*session);
    }
    // Closing would end the transaction too, but some time later: its locks must be free when this returns.
    const auto status = PQtransactionStatus(session->handle());
    if (session->connected() && (status == PQTRANS_INTRANS || status == PQTRANS_INERROR)) {
        session->require_sent(PQsendQuery(session->handle(), "ROLLBACK"));
        co_await drain(*session);
    }
}

} // namespace db
