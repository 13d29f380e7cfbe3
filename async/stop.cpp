#include "async/stop.hpp"

#include <boost/asio/signal_set.hpp>

#include <csignal>

namespace async {

void stop_source::request(int signal_number) {
    if (requested())
        return;
    signal_number_ = signal_number;
    signal_.emit(asio::cancellation_type::terminal);
}

void ignore_progress_signal() noexcept { std::signal(SIGUSR1, SIG_IGN); }

// Owned by the pending waits too, so that a signal which is already queued finds its state alive.
struct signal_watch::impl : std::enable_shared_from_this<impl> {
    impl(const asio::any_io_executor& executor, std::function<void(int)> stop, std::function<void()> progress)
        : signals(executor, SIGTERM, SIGINT, SIGUSR1)
        , on_stop(std::move(stop))
        , on_progress(std::move(progress)) {}
    impl(const impl&) = delete;
    impl& operator=(const impl&) = delete;

    // Asio gives a signal that nothing waits for its default action back, and that of SIGUSR1 ends the
    // process.
    ~impl() {
        sigset_t progress{};
        sigset_t before{};
        ::sigemptyset(&progress);
        ::sigaddset(&progress, SIGUSR1);
        ::pthread_sigmask(SIG_BLOCK, &progress, &before);
        boost::system::error_code ignored; // what is not registered is what it should be
        signals.clear(ignored);
        ignore_progress_signal();
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    }

    void wait() {
        signals.async_wait([self = shared_from_this()](const boost::system::error_code& failed, int number) {
            if (failed || self->closed)
                return;
            if (number == SIGUSR1)
                self->on_progress();
            else
                self->on_stop(number);
            if (!self->closed)
                self->wait();
        });
    }

    asio::signal_set signals;
    std::function<void(int)> on_stop;
    std::function<void()> on_progress;
    bool closed = false;
};

signal_watch::signal_watch(const asio::any_io_executor& executor, std::function<void(int)> on_stop,
                           std::function<void()> on_progress)
    : impl_(std::make_shared<impl>(executor, std::move(on_stop), std::move(on_progress))) {
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN); // a file at its limit is an error like any other
    impl_->wait();
}

signal_watch::~signal_watch() { close(); }

void signal_watch::close() {
    impl_->closed = true;
    boost::system::error_code ignored; // nothing depends on it any more
    impl_->signals.cancel(ignored);
}

} // namespace async
