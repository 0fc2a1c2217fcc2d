#:project ../../src/ArrowCid/ArrowCid.csproj
#:property PublishAot=false
// Four processes put batches, half of them the same, and one of them is killed; a fifth reads each as it comes:
// dotnet run many.cs [DIRECTORY]
using System.Diagnostics;
using Apache.Arrow;
using ArrowCid;

string directory = args.Length > 0 ? args[0] : CidStore.SharedDirectory("many");
using CidStore store = CidStore.Open(directory);
if (args is [_, var writer])
{
    for (int i = 0; i < 2000; i++)
    {
        int[] values = [i, i % 2 == 0 ? 0 : int.Parse(writer)];
        RecordBatch batch = new RecordBatch.Builder()
            .Append("v", true, column => column.Int32(array => array.AppendRange(values))).Build();
        _ = store.Put(batch);
    }

    return 0;
}

Process[] writers = [.. Enumerable.Range(1, 4).Select(i => Process.Start(new ProcessStartInfo("dotnet",
    [typeof(Program).Assembly.Location, directory, $"{i}"]))!)];
var seen = new HashSet<Cid>();
foreach (StoreEvent announced in store.Watch(Cursor.Oldest, new WatchOptions { Timeout = TimeSpan.FromSeconds(5) }))
{
    if (seen.Add(announced.Cid) && seen.Count == 500) writers[0].Kill();
}

foreach (Process process in writers) process.WaitForExit();
Console.WriteLine($"{seen.Count:N0} blocks from {writers.Length} processes, one of them killed");
return seen.All(store.Contains) && seen.Count is >= 4000 and <= 5000 ? 0 : 1;
