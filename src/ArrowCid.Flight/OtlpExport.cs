using ArrowCid.Flight.Access;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;

namespace ArrowCid.Flight;

/// <summary>Sends a server's figures to a collector of OpenTelemetry.</summary>
internal static class OtlpExport
{
    /// <summary>Begins; it ends when what is returned is disposed of.</summary>
    public static IDisposable Start(Uri collector) => Sdk.CreateMeterProviderBuilder()
        .AddMeter(ServerFigures.MeterName)
        .AddOtlpExporter(exporter =>
        {
            exporter.Protocol = OtlpExportProtocol.HttpProtobuf;
            // The exporter takes an address as it is; collectors listen for figures below this path.
            exporter.Endpoint = collector.AbsolutePath == "/" ? new Uri(collector, "/v1/metrics") : collector;
        })
        .Build();
}
