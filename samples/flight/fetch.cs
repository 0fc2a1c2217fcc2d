#:package Apache.Arrow.Flight
#:package Google.Protobuf
#:package Grpc.Net.Client
#:property PublishAot=false
// Puts a batch, fetches it by its CID and by its name, and lists it, by Apache.Arrow.Flight's own client:
// dotnet run fetch.cs ADDRESS TOKEN [AUTHORITY.pem]     grpc://HOST:PORT, or grpc+tls://HOST:PORT with the authority
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Apache.Arrow;
using Apache.Arrow.Flight;
using Apache.Arrow.Flight.Client;
using Grpc.Core;
using Grpc.Net.Client;

var handler = new SocketsHttpHandler();
if (args.Length > 2)
{
    handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        CustomTrustStore = { X509CertificateLoader.LoadCertificateFromFile(args[2]) },
        RevocationMode = X509RevocationMode.NoCheck,
    };
}

// A message may be as large as its batch: the client's own limit is 4 MiB.
string address = args[0].Replace("grpc+tls:", "https:").Replace("grpc:", "http:");
using GrpcChannel channel = GrpcChannel.ForAddress(address,
    new GrpcChannelOptions { HttpHandler = handler, MaxReceiveMessageSize = null });
var client = new FlightClient(channel);
var token = new Metadata { { "authorization", $"Bearer {args[1]}" }, { "arrowcid-max-message-bytes", "0" } };

RecordBatch quotes = new RecordBatch.Builder()
    .Append("px", false, column => column.Double(array => array.AppendRange([101.5, 101.75])))
    .Append("qty", false, column => column.Int64(array => array.AppendRange([100, 20])))
    .Build();
string cid;
using (FlightRecordBatchDuplexStreamingCall put = await client.StartPut(
    FlightDescriptor.CreatePathDescriptor("put", "quotes"), quotes.Schema, token))
{
    await put.RequestStream.WriteAsync(quotes);
    await put.RequestStream.CompleteAsync();
    await put.ResponseStream.MoveNext();
    using var ack = JsonDocument.Parse(put.ResponseStream.Current.ApplicationMetadata.Memory);
    cid = ack.RootElement.GetProperty("cid").GetString()!;
}

RecordBatch batch = await Get(cid);
Console.WriteLine($"{cid}  {batch.Length} rows");
RecordBatch prices = await Get("""{"name": "quotes", "columns": ["px"]}""");
Console.WriteLine(string.Join(' ', ((DoubleArray)prices.Column("px")).Values.ToArray()));
await foreach (FlightInfo info in client.ListFlights(null, token).ResponseStream.ReadAllAsync())
    Console.WriteLine($"listed {info.Endpoints[0].Ticket.Ticket.ToStringUtf8()}");

async Task<RecordBatch> Get(string ticket)
{
    using FlightRecordBatchStreamingCall call = client.GetStream(new FlightTicket(ticket), token);
    return await call.ResponseStream.MoveNext() ? call.ResponseStream.Current : throw new InvalidDataException(ticket);
}
