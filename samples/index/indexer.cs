#:project ../../src/ArrowCid/ArrowCid.csproj
#:property PublishAot=false
// Puts the flights into a store, one batch a day with its tags and its parent: dotnet run indexer.cs [DIRECTORY]
using Apache.Arrow;
using ArrowCid;

using CidStore store = CidStore.Open(args.Length > 0 ? args[0] : CidStore.SharedDirectory("flights"));
Cid? yesterday = null;
for (int day = 1; day <= 28; day++)
{
    var random = new Random(day);
    int[] delay = [.. Enumerable.Range(0, 1000 + (day * 10)).Select(_ => random.Next(-10, 90))];
    RecordBatch batch = new RecordBatch.Builder()
        .Append("delay", true, column => column.Int32(values => values.AppendRange(delay))).Build();
    PutResult put = store.Put(batch, new PutOptions
    {
        Tags = new Dictionary<string, string?> { ["day"] = $"2026-02-{day:00}", ["weekday"] = $"{(day - 1) % 7}" },
        Producer = "indexer",
        Parents = yesterday is { } parent ? [parent] : [],
        Name = "flights/latest",
    });
    yesterday = put.Cid;
}

Console.WriteLine($"28 days; the last is {store.Names.Resolve("flights/latest")}");
