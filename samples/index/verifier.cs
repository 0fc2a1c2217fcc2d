#:project ../../src/ArrowCid/ArrowCid.csproj
#:property PublishAot=false
// Finds Sundays with over 1,100 flights, hashes every block again, and walks the days back from the name:
// dotnet run verifier.cs [DIRECTORY]
using ArrowCid;
using ArrowCid.Registry;

using CidStore store = CidStore.Open(args.Length > 0 ? args[0] : CidStore.SharedDirectory("flights"));
foreach (StoredEntry entry in store.Query(Filter.Parse("tag.weekday = \"0\" and rows > 1100")))
    Console.WriteLine($"{entry.Tags["day"]}  {entry.Cid}");

// Ctrl+C ends the check at the next block.
using var end = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    end.Cancel();
};
int intact = 0, blocks = 0;
await foreach (VerifyResult result in store.Diagnostics.VerifyAllAsync(cancellationToken: end.Token))
{
    blocks++;
    if (result.IsIntact) intact++;
    else Console.WriteLine($"{result.Location}: {result.Error!.Message}");
}

Console.WriteLine($"{intact} of {blocks} blocks are what their CIDs say");

int days = 0;
for (Cid? at = store.Names.Resolve("flights/latest"); at is { } cid; days++)
    at = store.Metadata.GetLinks(cid).Parents is [Cid parent] ? parent : null;
Console.WriteLine($"{days} days behind the name flights/latest");
return intact == blocks && days == 28 ? 0 : 1;
