#:project ../../../src/ArrowCid/ArrowCid.csproj
#:property PublishAot=false
// Waits for ten batches and computes on them where they are stored: dotnet run consumer.cs [DIRECTORY]
using ArrowCid;

using CidStore store = CidStore.Open(args.Length > 0 ? args[0] : CidStore.SharedDirectory("quotes"));
using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
int batches = 0;
await foreach (StoreEvent announced in store.WatchAsync(Cursor.Oldest, cancellationToken: patience.Token))
{
    using BatchLease? lease = store.TryGet(announced.Cid);
    if (lease is null) continue;
    Console.WriteLine($"{announced.Cid}  {Turnover(lease):N2} at {lease.Location}");
    if (++batches == 10) break;
}

// The spans are over the producer's bytes: nothing was copied.
static double Turnover(BatchLease lease)
{
    ReadOnlySpan<double> px = lease.Column<double>("px").Values;
    ReadOnlySpan<int> qty = lease.Column<int>("qty").Values;
    double sum = 0;
    for (int i = 0; i < px.Length; i++) sum += px[i] * qty[i];
    return sum;
}
