using ArrowCid.Storage;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace ArrowCid.Server.Diagnostics;

/// <summary>Sends a server's figures to a collector of OpenTelemetry.</summary>
internal static class OtlpExport
{
    private const string ServiceName = "arrowcid";

    /// <summary>Starts to send; disposing of the result sends the last figures and ends it.</summary>
    public static IDisposable Start(Uri collector) => Sdk.CreateMeterProviderBuilder()
        .ConfigureResource(resource =>
        {
            // The variable of OpenTelemetry names the service.
            if (Environment.GetEnvironmentVariable("OTEL_SERVICE_NAME") is null or "") resource.AddService(ServiceName);
        })
        .AddMeter(ServerCounters.MeterName, StoreMeter.Name)
        .AddOtlpExporter(exporter =>
        {
            exporter.Protocol = OtlpExportProtocol.HttpProtobuf;
            // The exporter takes an address as it is; collectors listen for figures below this path.
            exporter.Endpoint = collector.AbsolutePath == "/" ? new Uri(collector, "/v1/metrics") : collector;
        })
        .Build();
}
