#include "archive/run/run_context.hpp"

namespace archive {

run_tools::run_tools(const run_context& context)
    : rebuilding{context.pages, context.new_nonce}
    , publisher(context.lake, context.retries, context.settings.placement, &rebuilding)
    , restores(context.lake, context.retries, context.new_nonce)
    , lease(context.lake, context.retries, "lock", context.run_id)
    , ledger(context.lake)
    , settler(context.lake, publisher.tails(), restores, context.log, context.settings.parallel, lease,
              ledger)
    , converter(context.lake, context.retries, context.pages, context.log, context.run_id,
                context.new_nonce) {}

} // namespace archive
