// Receiving the table of BENCH_DATABASE and throwing it away.
#include "async/helper_thread.hpp"
#include "bench/micro/loop.hpp"
#include "db/connection.hpp"

#include <libpq-fe.h>

#include <memory>

namespace {

constexpr const char* statement = R"(COPY (SELECT * FROM "Event") TO STDOUT (FORMAT csv))";

async::awaitable<void> receive(std::string conninfo, async::helper_thread& helper, async::log& sink,
                               std::uint64_t& bytes) {
    db::connect_options options;
    options.conninfo = std::move(conninfo);
    const auto session = co_await db::connection::open(options, helper, sink);
    auto copy = co_await session->start_copy_out(statement);
    do
        while (const auto row = copy.next())
            bytes += row->text().size();
    while (co_await copy.wait());
}

void copy_out_on_the_loop(benchmark::State& state) {
    const auto conninfo = bench::required_setting(state, "BENCH_DATABASE");
    if (conninfo.empty())
        return;
    boost::asio::io_context loop(1);
    async::helper_thread helper;
    bench::no_log log;
    std::uint64_t bytes = 0;
    for (auto _ : state)
        bench::run(loop, receive(conninfo, helper, log, bytes));
    state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}
BENCHMARK(copy_out_on_the_loop)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();

// The rival: libpq's blocking calls, as psql makes them.
void copy_out_blocking(benchmark::State& state) {
    const auto conninfo = bench::required_setting(state, "BENCH_DATABASE");
    if (conninfo.empty())
        return;
    std::int64_t bytes = 0;
    for (auto _ : state) {
        const std::unique_ptr<PGconn, decltype(&PQfinish)> session(PQconnectdb(conninfo.c_str()), PQfinish);
        PQclear(PQexec(session.get(), statement));
        char* row = nullptr;
        int size = 0;
        while ((size = PQgetCopyData(session.get(), &row, 0)) > 0) {
            bytes += size;
            PQfreemem(row);
        }
        if (size != -1)
            state.SkipWithError("the copy failed");
        while (PGresult* const rest = PQgetResult(session.get()))
            PQclear(rest);
    }
    state.SetBytesProcessed(bytes);
}
BENCHMARK(copy_out_blocking)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();

} // namespace
