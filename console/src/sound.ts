// A short tone when somebody begins to wait. A browser allows it once the page was clicked.
import { signal } from "@preact/signals";

export const isLoud = signal(localStorage.getItem("sound") === "on");

export function setLoud(loud: boolean): void {
  isLoud.value = loud;
  localStorage.setItem("sound", loud ? "on" : "off");
  if (loud) beep();
}

export function beep(): void {
  try {
    const context = new AudioContext();
    const tone = context.createOscillator();
    const volume = context.createGain();
    tone.frequency.value = 660;
    volume.gain.setValueAtTime(0.08, context.currentTime);
    volume.gain.exponentialRampToValueAtTime(0.001, context.currentTime + 0.3);
    tone.connect(volume).connect(context.destination);
    tone.start();
    tone.stop(context.currentTime + 0.3);
    tone.onended = () => void context.close();
  } catch {
    // Without sound the title and the icon still tell it.
  }
}
