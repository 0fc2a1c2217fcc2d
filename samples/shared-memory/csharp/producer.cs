#:project ../../../src/ArrowCid/ArrowCid.csproj
#:property PublishAot=false
// Publishes ten batches of quotes into shared memory: dotnet run producer.cs [DIRECTORY]
using Apache.Arrow;
using ArrowCid;

using CidStore store = CidStore.Open(args.Length > 0 ? args[0] : CidStore.SharedDirectory("quotes"));
var random = new Random(1);
for (int round = 0; round < 10; round++)
{
    double[] px = [.. Enumerable.Range(0, 10_000).Select(_ => Math.Round(100 + random.NextDouble(), 2))];
    int[] qty = [.. Enumerable.Range(0, 10_000).Select(_ => random.Next(1, 500))];
    RecordBatch batch = new RecordBatch.Builder()
        .Append("px", true, column => column.Double(values => values.AppendRange(px)))
        .Append("qty", true, column => column.Int32(values => values.AppendRange(qty))).Build();
    var tags = new Dictionary<string, string?> { ["round"] = $"{round}" };
    PutResult put = store.Put(batch, new PutOptions { Tags = tags });
    Console.WriteLine($"{put.Cid}  {put.Rows:N0} rows, {put.ByteLength:N0} bytes{(put.IsNew ? "" : ", known")}");
}
